//! Words the generator draws from: names and domains as they occur, oddities included. Data only.
//! Every domain lies under a name that is reserved for examples (RFC 2606, RFC 6761): nobody's address is ever used.

/// Given names, with the scripts and marks that break naive code.
pub(super) const FIRST: &[&str] = &[
    "Anna",
    "Ben",
    "Chloe",
    "Dmitri",
    "Élodie",
    "Fatima",
    "Günther",
    "Håkon",
    "Ines",
    "José",
    "Kwame",
    "Łukasz",
    "María José",
    "Nguyễn",
    "Ólafur",
    "Priya",
    "Qiang",
    "Renée",
    "Siobhán",
    "Þóra",
    "Uğur",
    "Věra",
    "Wei",
    "Xiomara",
    "Yūki",
    "Zoë",
    "Jean-Luc",
    "李",
    "Мария",
    "محمد",
    "Αθηνά",
    "Noa",
];

/// Family names: apostrophes, particles, hyphens, one letter, right to left.
pub(super) const LAST: &[&str] = &[
    "Smith",
    "O'Brien",
    "D'Angelo",
    "van der Berg",
    "de la Cruz",
    "Müller",
    "Nguyen",
    "García-Márquez",
    "Østergaard",
    "Şahin",
    "Kowalski",
    "Bjørnsdóttir",
    "Ng",
    "O",
    "St. John",
    "MacDonald",
    "al-Fayed",
    "Ivanova",
    "Παπαδόπουλος",
    "王",
    "حسن",
    "Null",
    "Test",
    "Smith-Jones-Featherstonehaugh",
];

/// What such names become in an address: plain ASCII.
pub(super) const LOCAL_FIRST: &[&str] = &[
    "anna", "ben", "chloe", "dmitri", "elodie", "fatima", "guenther", "hakon", "ines", "jose", "kwame", "lukasz",
    "priya", "qiang", "renee", "siobhan", "ugur", "vera", "wei", "xiomara", "yuki", "zoe",
];

/// The same for family names.
pub(super) const LOCAL_LAST: &[&str] = &[
    "smith",
    "mueller",
    "garcia",
    "nguyen",
    "kowalski",
    "sahin",
    "ivanova",
    "ng",
    "macdonald",
    "berg",
    "cruz",
    "ostergaard",
    "papadopoulos",
    "wang",
    "hassan",
];

/// Plus tags people give their addresses.
pub(super) const TAGS: &[&str] = &["news", "rerp", "shop.2024", "a+b", "spam-", "filter_1", "ab=c"];

/// Domains of the usual kind.
pub(super) const DOMAINS: &[&str] = &[
    "mail.example.com",
    "example.com",
    "example.org",
    "example.net",
    "post.example.org",
    "uni.example.net",
    "my-company.example.com",
    "1and1.example.net",
    "a.b.c.d.example.org",
    "x.example.com",
    "mailbox.example",
    "long-hyphenated--name.example.net",
];

/// International domains: as people type them, and their ASCII form (RFC 5891).
pub(super) const IDN: &[(&str, &str)] = &[
    ("müller.example", "xn--mller-kva.example"),
    ("bücher.example.com", "xn--bcher-kva.example.com"),
    ("café.example.net", "xn--caf-dma.example.net"),
    ("παράδειγμα.example", "xn--hxajbheg2az3al.example"),
    ("пример.example.org", "xn--e1afmkfd.example.org"),
    ("例え.example", "xn--r8jz45g.example"),
    ("उदाहरण.example", "xn--p1b6ci4b4b3a.example"),
];

/// Country calling code, the start of a number in a range kept for fiction or tests by that country's regulator, and how many digits follow. Only
/// ranges that lists of the world's numbering plans know: whoever has such a number can prove it.
pub(super) const PHONES: &[(&str, &str, u32)] = &[
    ("1", "20155501", 2),
    ("44", "2079460", 3),
    ("33", "19900", 4),
    ("46", "7017406", 2),
    ("61", "491570", 3),
    ("49", "3023125", 3),
];

/// Companies, and what is compared of them: Unicode's case folding, plain apostrophes and hyphens.
pub(super) const COMPANIES: &[(&str, &str)] = &[
    ("Acme", "acme"),
    ("Müller & Söhne", "müller & söhne"),
    ("Straßenbau Nord", "strassenbau nord"),
    ("O'Brien's Bakery", "o'brien's bakery"),
    ("Smith-Jones, Lee & Co.", "smith-jones, lee & co."),
    ("Žižkov Café", "žižkov café"),
    ("Σίσυφος", "σίσυφοσ"),
    ("Ромашка", "ромашка"),
    ("山田商事", "山田商事"),
    ("دار الحكمة", "دار الحكمة"),
    ("3M-Style", "3m-style"),
    ("null", "null"),
    ("Robert'); DROP TABLE companies;--", "robert'); drop table companies;--"),
    ("Yahoo! \"Quoted\" \\ Back", "yahoo! \"quoted\" \\ back"),
];

/// Legal forms; many leave them out.
pub(super) const FORMS: &[&str] = &["", "", "", "Ltd", "GmbH", "S.A.", "Inc.", "AB", "Sp. z o.o."];

/// Streets, without their numbers.
pub(super) const STREETS: &[&str] = &["High Street", "Hauptstraße", "Rue de l'Église", "Calle Mayor", "Strandvägen"];

/// Cities and their countries (ISO 3166-1).
pub(super) const CITIES: &[(&str, &str)] =
    &[("London", "GB"), ("Köln", "DE"), ("Saint-Étienne", "FR"), ("A Coruña", "ES"), ("Malmö", "SE"), ("Łódź", "PL")];

/// Where a lead came from.
pub(super) const SOURCES: &[&str] = &["hero", "exit_intent", "free_trial", "footer", "pricing"];

/// Plans a lead may name.
pub(super) const PLANS: &[&str] = &["starter", "pro", "team"];

/// Messages: quotes, scripts, line breaks, emoji, markup, SQL, and nothing special.
pub(super) const MESSAGES: &[&str] = &[
    "Please call me back.",
    "I'd like a demo; is \"Pro\" enough for 5 people?",
    "Guten Tag,\n\nwie kündige ich?\n\nViele Grüße",
    "¿Hay descuento? 🎓📈",
    "Robert'); DROP TABLE students;--",
    "<b>bold</b> &amp; 1 < 2 \\ tab\there",
    "我想了解更多。",
    "مرحبا، أحتاج إلى مساعدة",
];
