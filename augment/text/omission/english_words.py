"""The words that the rules for English phrases know."""


def _words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# A sentence that begins so leans on the one before it.
REFERS = _words(
    """
it its it's this that that's there's here's he's she's they're these those they them their he she him his her such so but and or also because
however which who whom whose then there therefore thus yet otherwise instead still nor neither too hence
meanwhile moreover furthermore besides even especially although though plus another others both either
one ones as for same here nevertheless nonetheless rather not no what why how more
"""
)
PRONOUNS = _words("it he she they its his her their this that it's him them which who one these those")
THIRD = _words("it its it's they them their he him his she her he's she's they're they've it'll he'll she'll")
TURNS = _words("but yet so nor or unless if than")
DEGREE = _words(
    """
very really quite pretty extremely incredibly absolutely truly totally completely fairly rather
especially particularly remarkably surprisingly terribly awfully highly exceptionally extraordinarily
amazingly wonderfully utterly thoroughly genuinely seriously simply downright super insanely ridiculously
deeply immensely unusually decidedly consistently somewhat slightly reasonably relatively perfectly strangely often sometimes
usually generally sort just
"""
)
FREE = _words(
    """
really actually definitely certainly simply basically truly clearly obviously honestly literally totally
completely absolutely just personally generally frankly undoubtedly thoroughly also always easily quickly
constantly continually gradually slowly carefully gently quietly finally eventually already usually often sometimes ultimately highly
"""
)
# Without these a sentence means something else.
KEEPS = _words(
    """
nearly hardly scarcely barely allegedly reportedly partially partly supposedly early only daily weekly
monthly yearly likely friendly badly poorly mostly rarely seldom almost possibly probably apparently
seemingly largely mainly occasionally formerly previously newly fully family
lonely lovely ugly holy silly merely solely
"""
)
BINDS = _words("so too as how more most less least not never than no however that such n't enough")
# Before these an adverb is one of degree that they need.
BOUND = _words("as so enough to of like best worst much many few little more less well often far long")
COMPARED = _words("better worse more less bigger smaller easier faster greater higher lower most least")
DETERMINERS = _words("this that these those its his her their our my your")
COPULAS = _words("is are was were be been being 's 're it's that's otherwise")
# Behind these a noun is empty without its adjective.
EMPTIES = _words(
    "has have had having get gets got with need needs want wants make makes made as like such of is be become becomes gives give in for at from on under"
)
POSSESSIVES = _words("its his her their our my your")
# Nouns that mean little without an adjective.
LIGHT = _words(
    """
thing things way ways one ones kind sort part parts side point points time times day days people note job
idea ideas reason reasons mood feeling look place word words guy man woman fact hand hands life world
school sense order case end amount number level degree deal lot bit piece version example few rest state half hour range variety series array host string line group pair couple set list type types form forms matter effect effects stuff result results difference hours week year years month
"""
)
# Adjectives that a noun needs, or that make one term with it.
NO_MODIFIER = _words(
    """
fourth fifth sixth seventh eighth ninth tenth same other only first second third last final next own additional sized such right wrong few
many much more most best worst least latest main single real true original previous
former latter current different several certain high low big good full common general american french english
british german chinese japanese italian digital special live dead free left major minor human social
public private prime double black white red blue green like able due fat optical hot happy remote big particular respective easy average standard automatic manual
"""
)
PREPOSITIONS = _words(
    """
in on at after before for with despite during under over from throughout beyond among besides like unlike
by within since through along
"""
)
# Prepositions of what can be left out behind a noun.
ADJUNCTS = _words(
    "in on during after before from throughout within since inside across around for with by over"
)
# Verbs that need what a preposition leads to.
NEEDY = _words(
    """
put puts place placed turn turns turned base based set sets spend spent find found live lives lived stay depend depends look looks
looked come comes came go goes went get gets got fall falls rely relies focus result results
keep keeps take takes took leave leaves sit sits stand stands located rooted steeped caught lost stuck interested end ends engage center centers centered hinges bearing treat treats treating treated
engaged lie lies live work works worked run runs ran star stars starring born filmed shot bring brings brought start wait waits waiting looking ask asks pay paid provide provides provided compare compared comparable deal deals care cares search thank thanks known made make makes done do does did blame mistake interested concerned filled packed armed play plays played call called replace replaced use used help helps coming going getting
"""
)
SUBORDINATES = _words("while although though because since when as whereas once")
TRAILING = _words(
    "which although though because thanks with without making giving leaving creating including even"
)
CONJUNCTIONS = _words("and but so plus also well yet or")
# Adverbs that open a sentence, with a comma or without.
OPENING = _words(
    "overall unfortunately fortunately luckily sadly thankfully honestly personally additionally furthermore moreover basically"
)
# Words that need both of two joined nouns.
BOTH = _words(
    "both between either neither mix mixture blend combination combines combine balance marriage difference relationship together same "
    "versus not cross pairing pair couple range worries crossing mixing balancing"
)

# Adverbs that a sentence reads well without at its end.
LAST = _words(
    "again anyway too already altogether overall now today yet though indeed alone instead entirely completely together easily quickly"
)
# What a noun keeps its meaning by, without an adjective.
BEHIND_HEAD = _words("about by from with for of that which who where whose")
WHILE = _words("because when while since although though whenever until")
SUPERLATIVE = _words("only first best worst most least one last few every all any such same so")
