"""Methods that look at layers: equal to Captum and to the formulas on a textcnn, the same in any company, refused where undefined."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop, LayerGradCam

from augment.attribution.activation_maps import mapped, over_pieces
from augment.attribution.methods import method_of
from augment.attribution.relu_gradients import ReluRuleName, modified_gradient
from augment.errors import RequestError
from augment.ig.quantities import QuantityName
from augment.models.classifier import Classifier
from augment.models.textcnn import TextCNN
from tests.attribution.small_nets import opened, part_of
from tests.attribution.test_occlusion import rows_of
from tests.attribution.twins import Twin

TEXTS = ["服务很好", "a good film", "bad", "服务 good 很差，but the film is good"]
LAYERED = ["guided_backprop", "deconvnet", "grad_cam", "guided_grad_cam", "hires_cam", "pooling_weights"]


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small TextCNN."""
    return opened("textcnn", tmp_path_factory.mktemp("nets"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small BERT."""
    return opened("bert", tmp_path_factory.mktemp("nets"))


def net_of(classifier: Classifier) -> TextCNN:
    """Return the TextCNN of a classifier."""
    assert isinstance(classifier.model, TextCNN)
    return classifier.model


@pytest.mark.parametrize("name", [*LAYERED, "bert grad_cam", "bert hires_cam"])
def test_a_row_has_the_same_scores_in_any_company(cnn: Classifier, bert: Classifier, name: str) -> None:
    model, method = (bert if " " in name else cnn), method_of({"method": name.split()[-1]})
    together = method.attribute(model, rows_of(model, TEXTS))
    assert set(together.cost) == {1}
    for row, text in enumerate(TEXTS):
        alone = method.attribute(model, rows_of(model, [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], rel=1e-4, abs=1e-5)


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
@pytest.mark.parametrize(
    ("name", "oracle"), [("guided_backprop", GuidedBackprop), ("deconvnet", Deconvolution)]
)
def test_backward_rules_are_those_of_captum(
    cnn: Classifier, name: str, oracle: type[GuidedBackprop] | type[Deconvolution]
) -> None:
    rule: ReluRuleName = "guided" if name == "guided_backprop" else "deconvnet"
    for text in TEXTS:
        part = part_of(cnn, [text])
        twin = Twin(net_of(cnn)).eval()
        captum = oracle(twin).attribute(part.inputs.clone().requires_grad_(True), target=part.target)
        torch.testing.assert_close(modified_gradient(part, rule, name), captum, rtol=1e-5, atol=1e-6)


def test_grad_cam_is_that_of_captum_at_every_width(cnn: Classifier) -> None:
    net, text = net_of(cnn), TEXTS[3]
    part = part_of(cnn, [text])
    twin = Twin(net, "maps").eval()
    expected = torch.zeros(1, part.inputs.shape[1])
    for width, activation in zip(net.config.windows, twin.activations, strict=True):
        seen = part.inputs.clone().requires_grad_(True)
        captum = LayerGradCam(twin, activation).attribute(seen, target=part.target, relu_attributions=True)
        expected += over_pieces(captum[:, 0].detach(), part.present, width)
    torch.testing.assert_close(mapped(part, "grad_cam", None).pieces, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("quantity", ["logit", "difference"])
def test_hires_cam_and_pooling_with_the_head_sum_to_the_logit_without_its_bias(
    cnn: Classifier, quantity: QuantityName
) -> None:
    rows = replace(rows_of(cnn, TEXTS), quantity=quantity)
    bias = torch.as_tensor(net_of(cnn).classifier.bias)
    for method in ("hires_cam", "pooling_weights"):
        own = {"weighting": "head"} if method == "pooling_weights" else {}
        scores = method_of({"method": method, **own}).attribute(cnn, rows)
        assert set(scores.facts["status"]) == {"exact"}
        if quantity == "logit":
            sums = [
                sum(row) + float(str(rest))
                for row, rest in zip(scores.scores, scores.facts["rest"], strict=True)
            ]
            expected = rows.logits.gather(1, rows.target[:, None])[:, 0] - bias[rows.target]
            np.testing.assert_allclose(sums, expected.numpy(), atol=1e-5)


def test_weights_of_max_pooling_are_the_channels_that_reach_their_maximum_at_a_window(
    cnn: Classifier,
) -> None:
    """w_t = the sum of the channels whose maximum is at t; written as a loop, windows spread over their pieces."""
    part = part_of(cnn, ["good"])
    net = net_of(cnn)
    mask = part.batch["attention_mask"]
    responses = net.responses(part.batch["input_ids"], mask)[0]
    expected, filters = torch.zeros(len(responses)), net.config.filters
    for channel, values in enumerate(responses.T):
        width = net.config.windows[channel // filters]
        tops = (values == values.max()).nonzero()[:, 0].tolist()
        for top in tops:
            covered = range(top, min(top + width, len(values)))
            for piece in covered:
                expected[piece] += values.max() / len(tops) / len(covered)
    scores = method_of({"method": "pooling_weights"}).attribute(cnn, rows_of(cnn, ["good"]))
    assert sum(scores.scores[0]) + float(str(scores.facts["rest"][0])) == pytest.approx(float(expected.sum()))


def test_a_window_shares_its_score_among_its_pieces_in_the_text() -> None:
    present = torch.tensor([[True, True, True, False]])
    shared = over_pieces(torch.tensor([[3.0, 2.0, 1.0, 9.0]]), present, 3)
    assert shared.tolist() == [[1.0, 2.0, 3.0, 0.0]]


@pytest.mark.parametrize("name", ["guided_backprop", "deconvnet", "guided_grad_cam", "pooling_weights"])
def test_a_model_for_which_a_method_is_not_defined_is_refused(bert: Classifier, name: str) -> None:
    with pytest.raises(RequestError, match=f"method: {name}"):
        method_of({"method": name}).attribute(bert, rows_of(bert, TEXTS[:1]))
