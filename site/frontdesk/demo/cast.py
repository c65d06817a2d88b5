"""Who is on the demo's stage: names, languages, what they keep, and how they fare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """``files`` are (folder, name, versions). ``fate``: "", "disabled", "waiting" or "full"."""

    username: str
    display_name: str
    about: str = ""
    language: str = "en"
    files: tuple[tuple[str, str, int], ...] = ()
    is_admin: bool = False
    fate: str = ""
    has_picture: bool = True


CAST = (
    Person(
        "root",
        "Rosa Root",
        "Keeps the house. Ask me for space.",
        files=(("house", "rules.md", 3), ("house", "floor plan.png", 1)),
        is_admin=True,
    ),
    Person(
        "ada",
        "Ada Lovelace",
        "Notes on engines.",
        files=(
            ("notes", "engine.md", 4),
            ("notes", "bernoulli.csv", 2),
            ("notes/letters", "to Babbage.txt", 1),
            ("notes/letters", "draft.txt", 1),
            ("pictures", "garden.jpg", 1),
            ("pictures", "loom.png", 1),
            ("", "report 2026.pdf", 2),
            ("programs", "numbers.py", 3),
        ),
    ),
    Person(
        "xiaoming",
        "王小明",
        "喜欢摄影和旅行。",
        "zh",
        (
            ("报告/2026", "年度总结.md", 3),
            ("报告/2026", "预算.csv", 2),
            ("照片", "西湖.jpg", 1),
            ("照片", "长城.jpg", 1),
            ("", "会议记录.txt", 2),
        ),
    ),
    Person(
        "sofia",
        "Софья Ковалевская",
        "Математика и немного прозы.",
        files=(("лекции", "вращение.md", 2), ("лекции", "задачи.csv", 1), ("", "письмо.txt", 1)),
    ),
    Person(
        "amira",
        "أميرة حسن",
        "مهندسة معمارية",
        files=(("مشاريع", "مخطط.png", 1), ("مشاريع", "ملاحظات.txt", 2), ("", "عقد.pdf", 1)),
    ),
    Person(
        "josé",
        "José Núñez",
        "Fotos, sobre todo.",
        files=(("fotos", "playa.jpg", 1), ("fotos", "montaña.jpg", 1), ("", "lista.csv", 1)),
        fate="full",
    ),
    Person(
        "yuki",
        "田中由紀",
        "図書館員",
        files=(("目録", "蔵書.csv", 3), ("", "お知らせ.md", 1)),
    ),
    Person(
        "priya",
        "प्रिया शर्मा",
        files=(("research", "survey.csv", 2), ("research", "summary.md", 2)),
        has_picture=False,
    ),
    Person(
        "maximiliane.von-hohenstein-berg",
        "Maximiliane Freifrau von Hohenstein-Bergheim zu Oberunterweißenbach",
        files=(("Vereinsunterlagen", "Jahreshauptversammlungsprotokollentwurf.txt", 2),),
        has_picture=False,
    ),
    Person("björn", "Björn Åkesson", "Only here to read.", has_picture=False),
    Person(
        "olu",
        "Olúwaṣeun Adébáyọ̀",
        files=(("old", "handover.md", 1), ("old", "accounts.csv", 1)),
        fate="disabled",
    ),
    Person("linh", "Nguyễn Thị Linh", fate="waiting", has_picture=False),
)

# Sender, recipients, message, whether the first recipient is done with it.
POSTS = (
    ("ada", ("xiaoming", "sofia"), "The report, as promised.\nTell me what is missing.", True),
    ("xiaoming", ("ada",), "谢谢！预算表在附件里，请查收。", False),
    ("sofia", ("ada", "yuki"), "Вот задачи к пятнице.", False),
    (
        "root",
        ("ada", "josé", "priya"),
        "Your space is nearly full. Could you empty the bin?",
        False,
    ),
    ("amira", ("root",), "هل يمكنك مراجعة العقد؟", True),
    ("josé", ("yuki",), "¡Mira la playa!", False),
    ("yuki", ("xiaoming",), "新しい目録です。", True),
)

DEVICES = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
)
