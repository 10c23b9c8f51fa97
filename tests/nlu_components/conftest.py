"""A few examples of each language, and a model trained on them by Rasa itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rasa.model_training
import yaml
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from myna.nlu.component import TrainedComponent
from myna.nlu.parse import Reader
from myna.settings import PROJECT

EXAMPLES: dict[str, dict[str, list[str]]] = {
    "vi": {
        "greet": ["chào shop", "xin chào bạn", "chào buổi sáng"],
        "ask_order_status": [
            "đơn hàng của mình đâu rồi",
            "khi nào đơn của tôi được giao",
            "kiểm tra giúp đơn DH-20413",
        ],
        "cancel_order": ["hủy đơn hàng giúp mình", "tôi muốn hủy đơn", "không lấy đơn này nữa"],
        "faq/shipping_fee": [
            "phí ship bao nhiêu",
            "phí vận chuyển thế nào",
            "ship có mất tiền không",
        ],
        "faq/return_policy": ["chính sách đổi trả ra sao", "được đổi trả trong mấy ngày"],
        "out_of_scope": ["thời tiết hôm nay thế nào", "kể chuyện cười đi"],
    },
    "ms": {
        "greet": ["selamat pagi", "apa khabar", "salam kedai"],
        "ask_order_status": [
            "di mana pesanan saya",
            "bila pesanan saya sampai",
            "tolong semak pesanan MY-10482",
        ],
        "cancel_order": ["saya mahu batalkan pesanan", "tolong batal pesanan ini"],
        "faq/shipping_fee": [
            "berapa kos penghantaran",
            "caj pos berapa",
            "penghantaran percuma tak",
        ],
        "faq/return_policy": ["apakah polisi pemulangan", "boleh pulangkan dalam berapa hari"],
        "out_of_scope": ["cuaca hari ini macam mana", "ceritakan satu lawak"],
    },
    "en": {
        "greet": ["hello there", "good morning shop", "hi team"],
        "ask_order_status": [
            "where is my order",
            "when will my parcel arrive",
            "check the order DH-20415 please",
        ],
        "cancel_order": ["cancel my order", "I want to cancel the order", "do not ship my order"],
        "faq/shipping_fee": ["how much is shipping", "what does delivery cost", "shipping fee"],
        "faq/return_policy": ["what is your return policy", "how many days to return something"],
        "out_of_scope": ["what is the weather today", "tell me a joke"],
    },
}


def flat() -> list[tuple[str, str, str]]:
    """The examples as (text, label, language)."""
    return [
        (text, label, language)
        for language, intents in EXAMPLES.items()
        for label, texts in intents.items()
        for text in texts
    ]


@pytest.fixture(scope="session")
def messages() -> list[Message]:
    result = []
    for text, label, language in flat():
        message = Message.build(text, label)
        message.set("metadata", {"language": language})
        result.append(message)
    return result


Build = Callable[..., Any]


@pytest.fixture
def train(tmp_path: Path) -> Build:
    """Trains a component on messages, stores it, and returns it as loaded again."""

    def build(
        cls: type[TrainedComponent], examples: list[Message], **config: Any
    ) -> TrainedComponent:
        storage = LocalModelStorage(tmp_path)
        resource = Resource(cls.__name__)
        context = ExecutionContext(GraphSchema({}))
        settings = {**cls.get_default_config(), **config}
        cls.create(settings, storage, resource, context).train(TrainingData(examples))
        return cls.load(settings, storage, resource, context)

    return build


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with the pipeline of `config.yml`, trained by `rasa train nlu` on `EXAMPLES`."""
    folder = tmp_path_factory.mktemp("project")
    for language, intents in EXAMPLES.items():
        topic = folder / "data" / "nlu" / language / "all.yml"
        topic.parent.mkdir(parents=True)
        blocks = [
            {"intent": label, "examples": "".join(f"- {text}\n" for text in texts)}
            for label, texts in intents.items()
        ]
        topic.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True))
    config = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))
    del config["policies"]
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASA_MAX_CACHE_SIZE", "0")
        patch.setenv("RASA_TELEMETRY_ENABLED", "false")
        path = rasa.model_training.train_nlu(
            str(folder / "config.yml"), str(folder / "data"), str(folder / "models")
        )
    return Path(path)


@pytest.fixture(scope="session")
def reader(model: Path) -> Reader:
    return Reader(model)
