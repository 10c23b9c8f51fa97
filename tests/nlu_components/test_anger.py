"""Anger: the lists that trainers edit, and what they make of messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from myna.nlu.anger import AngerGauge, Lexicon, LexiconError, read_lexicon
from myna.settings import PROJECT

CALM = {
    "vi": [
        "giao chậm hơn dự kiến vậy shop?",
        "đơn DH-20413 tới đâu rồi ạ",
        "cho mình hỏi phí ship về Cần Thơ bao nhiêu",
        "CHO HỎI GIÁ NỒI CƠM ĐIỆN 1.8L",
        "sao mình chưa nhận được hàng nhỉ??",
        "shop ơi thùng rác đạp chân còn màu xám không",
        "hàng về 2 kiện mà mình mới nhận 1 kiện, shop xem giúp",
        "máy xay bị kêu to, có cách nào xử lý không",
        "mình sợ bị lừa nên hỏi kỹ, hàng này chính hãng chứ",
        "nệm này ngủ có êm không em",
        "minh can mua chao xao thuc an 28cm",
        "vo goi lua loai nay giat may duoc khong",
        "hang sale co duoc doi tra khong",
        "bo may xay nay bao nhieu tien",
        "may phat dien mini co ban khong shop",
        "khan lau vai cotton con hang khong",
        "mai thu bay shop co ban khong de minh cho ma qua",
        "hơi thất vọng vì màu không giống hình, đổi được không",
        "shipper gọi mà mình không nghe máy kịp, giao lại giúp nhé",
        "cho em hỏi vài câu về máy lọc không khí",
        "cho minh hoi vai cau duoc khong",
        "màu cam à shop, còn màu khác không",
        "mình muốn trả lại cái quạt vì không hợp phòng",
        "nước trong ấm có mùi lạ, mình nên làm gì",
        "thái độ nhân viên ở cửa hàng Thái Hà rất dễ thương",
        "mình chờ được, không sao đâu",
        "đèn nhấp nháy rồi tắt hẳn luôn",
        "Tức là đơn từ 500k mới được miễn phí ship đúng không?",
        "ship về VL mấy ngày vậy shop",
        "chưa thấy hoàn tiền, nhờ shop kiểm tra giúp mình với ạ!",
        "khi nào có đợt giảm giá tiếp theo",
        "shop trả lời hơi lâu nha, mình cần gấp trong hôm nay",
        "*đơn, mình gõ nhầm",
    ],
    "ms": [
        "pesanan saya lambat sikit, boleh semak?",
        "bila barang MY-10482 sampai ya",
        "SAYA NAK TANYA HARGA KIPAS",
        "tong sampah ni ada saiz besar tak",
        "takut kena tipu, kedai ni original ke",
        "periuk ni sesuai untuk dapur induksi ke",
        "boleh tukar alamat penghantaran tak??",
        "staf kat kedai JB baik sangat, terima kasih",
        "kotak kemek sikit tapi barang ok",
        "saya tak guna app, boleh bayar dengan cara lain?",
        "harap maintain servis macam ni, memang hebat",
        "kecewa sikit sebab warna lain, boleh pulangkan?",
        "nak cancel order sebab tersalah alamat",
        "lampu ni kelip-kelip lepas tu padam",
        "dah seminggu belum terima, minta tolong semak",
        "berapa lama refund masuk akaun",
        "main board kipas rosak, ada alat ganti?",
        "hampas kopi melekat kat penapis, macam mana nak cuci",
        "kain ni lembap lepas basuh, biasa ke",
        "sabar menunggu, harap cepat sampai",
        "ada cawangan kat Ipoh tak",
        "maaf tanya lagi, no tracking saya apa",
        "barang dah sampai tapi kurang satu penutup",
        "boleh dapatkan invois untuk syarikat?",
        "kurier call masa saya mesyuarat, boleh hantar esok",
        "servis pemasangan ada tak",
        "nak tanya waranti habis bila",
        "terkejut juga harga naik, ada promosi lain?",
    ],
    "en": [
        "my parcel is a bit later than expected, could you check?",
        "where is order DH-20413",
        "HOW MUCH IS THE RICE COOKER",
        "is this site a scam or are you a real shop?",
        "do you have a rubbish bin with a pedal",
        "can I return this lamp, the colour is not what I hoped for",
        "still no refund after 9 days, please look into it",
        "the blender makes a terrible noise at high speed",
        "what are your opening hours??",
        "I'm a little disappointed, the box was dented",
        "did my parcel get lost?",
        "please cut it to size",
        "can I cut this mat to size",
        "the kettle smells awful when new, is that normal",
        "sorry to bother you again, any news on my repair",
        "I typed the wrong address, can you change it",
        "Sue from your KL store was so helpful!",
        "does this pan work on induction",
        "is it mad to expect delivery by Friday",
        "I'd like to cancel, changed my mind",
        "one of the two lids is missing",
        "the courier left it at the guard house, all good now",
        "no worries, I can wait",
        "shut up and take my money, one robot vacuum please",
        "my fan stopped working after a month",
        "could someone call me back this afternoon",
        "the instructions are not clear, how do I set the timer?",
    ],
}
ANGRY = {
    "vi": [
        "lừa đảo à?? làm ăn như c**",
        "SHOP LÀM ĂN KIỂU GÌ VẬY TRỜI!!!",
        "lam an kieu gi vay shop, 2 tuan roi chua thay hang",
        "đồ lừa đảo, trả tiền đây",
        "do lua dao",
        "bực mình quá rồi đó nha, hỏi 5 lần không ai trả lời",
        "phục vụ kiểu gì mà khách nhắn cả ngày không thèm rep",
        "làm ăn vô trách nhiệm quá",
        "tôi sẽ bóc phốt shop lên mạng cho mọi người biết",
        "quá bức xúc với cách làm việc của bên em",
        "giỡn mặt với khách à??",
        "shop chết hết rồi à mà không ai trả lời",
        "hàng như c*t mà bán giá đó",
        "ức chế thật sự, chờ từ sáng tới giờ",
        "treo đầu dê bán thịt chó, hàng một đằng hình một nẻo",
        "vcl giao hàng gì mà 3 tuần chưa tới, tệ hại!!",
        "coi thường khách vừa vừa thôi",
        "bố láo, nói chuyện với khách mà cộc lốc vậy",
        "Tôi hết chịu nổi rồi, hủy hết cho tôi",
        "nhân viên nói chuyện mất dạy",
        "đm giao nhầm 2 lần rồi đấy",
        "không thể chấp nhận được kiểu phục vụ này",
        "tẩy chay shop này luôn, ăn cướp chứ bán buôn gì",
        "BAO GIỜ MỚI GIAO HẢ, BẮT TÔI CHỜ ĐẾN BAO GIỜ NỮA???",
        "lươn lẹo, hẹn lần này tới lần khác",
        "báo công an bây giờ, cầm tiền rồi lặn mất tăm",
        "thái độ gì mà lồi lõm vậy",
        "🤬🤬 hàng vỡ hết rồi",
        "tức điên với cái shop này",
        "mấy người điếc hả, tôi nói rõ là giao buổi chiều mà",
    ],
    "ms": [
        "kedai penipu, pulangkan duit saya!!",
        "bodoh punya servis",
        "dah 3 minggu tak sampai, geram betul la!!",
        "SERVIS APA MACAM NI, DAH DUA KALI SALAH HANTAR!!!",
        "b***h betul staf korang",
        "korang ni pekak ke, berapa kali nak cakap",
        "saya dah hilang sabar dengan kedai ni",
        "jangan ingat saya bodoh, barang ni barang lama",
        "kurang ajar betul cara staf jawab saya",
        "nak makan duit orang ke",
        "biadap betul kurier korang, baling barang depan pagar",
        "panas hati saya, janji semalam hari ni pun tak sampai",
        "saya akan viralkan kedai ni",
        "saya nak buat report polis, mana duit aku",
        "apa punya kedai, telefon tak angkat mesej tak balas",
        "menyampah la, asyik janji je",
        "sial la, barang pecah lagi",
        "servis paling teruk pernah saya jumpa",
        "hampeh, beli mahal rosak dua hari",
        "tak bertanggungjawab langsung, lepas tangan macam tu je",
        "makan gaji buta ke staf kat situ??",
        "dasar scammer, duit dah ambil barang tak hantar",
        "sabar ada had ya tuan",
        "bengang betul aku, dah tiga kali tukar tarikh",
        "macam sampah layanan kat sini",
        "celaka, order aku hilang lagi",
        "😡😡 teruk gila korang ni",
        "tribunal pengguna la lepas ni, dah melampau",
        "otak letak mana, saya kata hijau bukan biru",
    ],
    "en": [
        "what a joke of a shop, give me my money back",
        "THIS IS RIDICULOUS, THREE WEEKS AND NOTHING!!!",
        "are you kidding me, it's broken again",
        "you people are liars",
        "worst customer service I have ever had",
        "I'm so angry right now, nobody answers",
        "wtf is going on with my order",
        "this is absolutely unacceptable",
        "bunch of crooks",
        "sh*t service, never again",
        "stop lying to me about the delivery date!!",
        "I am sick and tired of waiting for your courier",
        "where the hell is my parcel",
        "useless bot, get me someone with a brain",
        "how dare you charge me twice",
        "I'll sue you if this is not refunded today",
        "pathetic. I asked four times already",
        "total scam, took my money and disappeared",
        "are you deaf? I said blue, not green",
        "fed up with your empty promises",
        "the driver threw my box over the gate, bloody idiots",
        "furious doesn't even begin to describe it",
        "stop wasting my time!!",
        "complete and utter bullshit",
        "you lot are incompetent",
        "shame on you for selling this garbage",
        "I'm pissed off, this is the third wrong item",
        "daylight robbery, 8 ringgit for shipping one spoon",
        "f*** this shop",
        "had enough, cancel everything and return my money",
    ],
}


@pytest.fixture(scope="module")
def gauge() -> AngerGauge:
    """With the project's own lists."""
    folder = PROJECT / "data" / "moods"
    return AngerGauge({path.stem: read_lexicon(path) for path in folder.glob("*.yml")})


def _all(messages: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, text) for language, texts in messages.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), _all(CALM))
def test_a_calm_message(gauge: AngerGauge, language: str, text: str) -> None:
    assert gauge.measure(text, language) < 0.3
    assert gauge.measure(text) < 0.3, "also where the language is not known"


@pytest.mark.parametrize(("language", "text"), _all(ANGRY))
def test_an_angry_message(gauge: AngerGauge, language: str, text: str) -> None:
    assert gauge.measure(text, language) >= 0.6
    assert gauge.measure(text) >= 0.6, "also where the language is not known"


VIETNAMESE = Lexicon(
    {"lừa": 0.4, "lừa đảo": 0.6, "lừa đảo không": 0.0, "😡": 0.4}, {"dối trá": 0.7}
)
SMALL = AngerGauge({"vi": VIETNAMESE, "en": Lexicon({"cut it": 0.8})})


@pytest.mark.parametrize(
    ("text", "anger"),
    [
        ("", 0.0),
        ("hello", 0.0),
        ("lừa", 0.4),
        ("LỪA", 0.4),
        ("lu\u031b\u0300a", 0.4),
        ("lừaaaa", 0.4),
        ("lua", 0.4),
        ("lụa", 0.0),
        ("lừang", 0.0),
        ("lừa lừa lừa", 0.4),
        ("lừa đảo", 0.6),
        ("lừa, đảo", 0.6),
        ("lua dao à", 0.6),
        ("lừa đảo rồi lừa", 0.76),
        ("lừa đảo không", 0.0),
        ("có lừa đảo không, đồ lừa", 0.4),
        ("dối trá", 0.7),
        ("doi tra", 0.0),
        ("vải lua này đẹp lắm", 0.0),
        ("hàng vỡ 😡😡", 0.4),
        ("don't cut it", 0.8),
        ("hàng??", 0.2),
        ("hàng?", 0.0),
        ("HÀNG TÔI ĐÂU", 0.25),
        ("HÀNG TÔI ĐÂU!!!", 0.4),
        ("DH-20413", 0.0),
        ("OK SHOP", 0.0),
        ("như c**", 0.6),
        ("như c*t", 0.6),
        ("miễn phí*", 0.0),
        ("*đơn", 0.0),
        ("2*3", 0.0),
        ("5 ***", 0.0),
        ("\ud800 lừa \x00", 0.4),
    ],
)
def test_what_counts(text: str, anger: float) -> None:
    assert SMALL.measure(text) == pytest.approx(anger)


def _gauge(**languages: dict[str, float]) -> AngerGauge:
    return AngerGauge({name: Lexicon(weights) for name, weights in languages.items()})


def test_what_two_languages_list_counts_once() -> None:
    assert _gauge(vi={"scam": 0.3}, en={"scam": 0.4}).measure("scam") == 0.4


def test_only_in_the_messages_language_may_diacritics_lack() -> None:
    gauge = _gauge(vi={"cút": 0.7}, en={})
    found = {language: gauge.measure("cut", language) for language in ("vi", "en", "other", None)}
    assert found == {"vi": 0.7, "en": 0.0, "other": 0.7, None: 0.7}
    assert gauge.measure("cút", "en") == 0.7


def test_a_long_message_takes_no_time_and_its_end_is_left_out() -> None:
    assert SMALL.measure("a " * 1000 + "lừa") == 0.0
    assert SMALL.measure("*" * 200_000 + "!" * 200_000) == 0.0


# --- the files


def _lexicon(folder: Path, content: str | bytes) -> Path:
    path = folder / "vi.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_list(tmp_path: Path) -> None:
    content = 'anger:\n  Lừa đảo: 0.6\n  "don\'t": 1\n  vclll: .4\n  a: 0\n'
    path = _lexicon(tmp_path, content + "anger_with_diacritics:\n  dối trá: 0.7\n")
    expected = {"lừa đảo": 0.6, "don t": 1.0, "vcl": 0.4, "a": 0.0}
    assert read_lexicon(path) == Lexicon(expected, {"dối trá": 0.7})


NO_LINE = "each line of a list is 'word or phrase: weight'"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ":1: the file must hold the list 'anger:'"),
        ("anger: {}\n", ":1: the file must hold the list 'anger:'"),
        ("- a\n", ":1: the file must hold the list 'anger:'"),
        ("anger:\n  a: 1\njoy:\n  b: 1\n", ":3: 'joy' is no list; there are anger and"),
        ("anger:\n- a\n", f":2: {NO_LINE}"),
        ("anger: 1\n", f":1: {NO_LINE}"),
        ("anger:\n  [a, b]: 1\n", f":2: {NO_LINE}"),
        ("anger:\n  a: 0.5\n  b: much\n", ":3: 'b' needs a weight from 0 to 1"),
        ("anger:\n  a:\n", ":2: 'a' needs a weight"),
        ("anger:\n  a: [1]\n", ":2: 'a' needs a weight"),
        ("anger:\n  a: -0.1\n", ":2: 'a' needs a weight"),
        ("anger:\n  a: 1.1\n", ":2: 'a' needs a weight"),
        ("anger:\n  a: nan\n", ":2: 'a' needs a weight"),
        ("anger:\n  a: 1\n  A: 1\n", ":3: 'A' stands in the lists a second time"),
        ("anger:\n  a: 1\nanger_with_diacritics:\n  a: 1\n", ":4: 'a' stands in the lists a sec"),
        ("anger:\n  '!!': 1\n", ":2: '!!' has no word in it"),
        ("anger:\n  c**: 1\n", ":2: masked words are noticed without a list"),
        ("anger:\n  a: 1\n b: 2\n", ":3: the file cannot be read"),
        ("anger:\n  a: 'x\n", ":3: the file cannot be read"),
        (b"anger:\n  \xff: 1\n", ":1: the file cannot be read"),
        (b"anger:\n  \x00: 1\n", ":1: the file cannot be read"),
    ],
)
def test_a_list_that_cannot_be_used(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(LexiconError) as fault:
        read_lexicon(_lexicon(tmp_path, content))
    assert f"data/moods/vi.yml{message}" in str(fault.value)
