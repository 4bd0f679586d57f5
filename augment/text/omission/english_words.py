"""The words that the rules for English phrases know."""


def _words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


REFERS = _words(
    """
it its it's this that these those they them their he she him his her such so but and or also because
however which who whom whose then there therefore thus yet otherwise instead still nor neither too hence
meanwhile moreover furthermore besides even especially although though plus another others both either
one ones as for same here nevertheless nonetheless rather not no what why how more
"""
)
TURNS = _words(
    """
but yet so nor or unless if than
"""
)
DEGREE = _words(
    """
very really quite pretty extremely incredibly absolutely truly totally completely fairly rather
especially particularly remarkably surprisingly terribly awfully highly exceptionally extraordinarily
amazingly wonderfully utterly thoroughly genuinely seriously simply downright super insanely ridiculously
deeply immensely unusually decidedly consistently
"""
)
FREE = _words(
    """
really actually definitely certainly simply basically truly clearly obviously honestly literally totally
completely absolutely just personally generally frankly undoubtedly thoroughly also always easily quickly
constantly continually gradually slowly carefully gently quietly finally eventually
"""
)
MANNER = _words(
    """
just also always finally eventually
"""
)
KEEPS = _words(
    """
nearly hardly scarcely barely allegedly reportedly partially partly supposedly early only daily weekly
monthly yearly likely friendly badly poorly mostly rarely seldom almost possibly probably apparently
seemingly slightly somewhat largely mainly usually occasionally formerly previously newly fully family
lonely lovely ugly holy silly
"""
)
BINDS = _words(
    """
so too as how more most less least not never than no however that such n't enough
"""
)
DETERMINERS = _words(
    """
the this that these those its his her their our my your some
"""
)
LIGHT = _words(
    """
thing things way ways one ones kind sort part parts side point points time times day days people note job
idea ideas reason reasons mood feeling look index word words guy man woman fact hand hands life world
school sense order case end amount number level degree deal lot bit piece version example few rest state
story
"""
)
NO_MODIFIER = _words(
    """
same other only first second third last final next own additional sized such whole entire right wrong few
many much more most best worst least latest main single real true original previous former latter current
different various several certain high low big new old good full common general american french english
british german chinese japanese italian digital special live dead free left major minor human social
public private prime double black white red blue green
"""
)
COPULAS = _words(
    """
is are was were be been being 's 're am it's that's has have had having with gives offers makes
"""
)
PREPOSITIONS = _words(
    """
in on at after before for with despite during under over from throughout beyond among besides like unlike
by within since through along
"""
)
SUBORDINATES = _words(
    """
while although though because since when as whereas once whether
"""
)
TRAILING = _words(
    """
which who whose although though because thanks with without making giving leaving creating including even
"""
)
BECAUSE = _words(
    """
because
"""
)
