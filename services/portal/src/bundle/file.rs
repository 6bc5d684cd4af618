//! One file of a bundle with its smaller forms. In: its name and contents. Out: what it is, how long browsers may keep it, and a tag for each
//! form. Pure.

use axum::http::HeaderValue;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::negotiate::Encoding;

/// Folder of files whose names change with their contents.
const HASHED: &str = "assets/";
/// Bytes of a tag: enough for no two files to share it.
const TAG: usize = 12;

/// What files are, by how their names end.
const KINDS: [(&str, &str); 12] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
    ("xml", "application/xml"),
];

/// How long browsers may keep a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For ever: another content has another name.
    Always,
    /// For ever as well, and nobody but the browser that was given it: it is for whoever is signed in.
    Guarded,
    /// It is asked for each time, and not sent again while it is the same: a page names the files of its own build.
    Ask,
    /// For an hour: what has a fixed name, and is the same for months.
    Hour,
}

impl Keep {
    /// As a header.
    #[must_use]
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Always => "public, max-age=31536000, immutable",
            Self::Guarded => "private, max-age=31536000, immutable",
            Self::Ask => "no-cache",
            Self::Hour => "public, max-age=3600",
        })
    }
}

/// A file as it is sent.
#[derive(Debug, Clone)]
pub struct Representation {
    /// Its bytes.
    pub body: Bytes,
    /// Tells it from every other content and every other form of the same content; in quotes.
    pub tag: String,
}

/// A file.
#[derive(Debug)]
pub struct File {
    /// What it is, as a header.
    pub kind: HeaderValue,
    /// How long browsers may keep it.
    pub keep: Keep,
    plain: Representation,
    smaller: Vec<(Encoding, Representation)>,
}

impl File {
    /// A file; none if its name says nothing that is known of what it is. `smaller` are its smaller forms, best first. What isn't smaller in
    /// truth isn't kept.
    pub(super) fn new(name: &str, plain: Vec<u8>, smaller: Vec<(Encoding, Vec<u8>)>) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        let (_, kind) = KINDS.iter().find(|(known, _)| *known == end)?;
        let keep = match end {
            _ if name.starts_with(HASHED) => Keep::Always,
            "html" => Keep::Ask,
            _ => Keep::Hour,
        };
        let digest = hex::encode(&Sha256::digest(&plain)[..TAG]);
        let smaller = smaller.into_iter().filter(|(_, body)| body.len() < plain.len()).map(|(encoding, body)| {
            let tag = format!("\"{digest}-{}\"", encoding.name());
            (encoding, Representation { body: body.into(), tag })
        });
        let smaller = smaller.collect();
        let plain = Representation { body: plain.into(), tag: format!("\"{digest}\"") };
        Some(Self { kind: HeaderValue::from_static(kind), keep, plain, smaller })
    }

    /// The first form that is taken, or the file as it is.
    #[must_use]
    pub fn form(&self, takes: impl Fn(Encoding) -> bool) -> (Option<Encoding>, &Representation) {
        let found = self.smaller.iter().find(|(encoding, _)| takes(*encoding));
        found.map_or((None, &self.plain), |(encoding, form)| (Some(*encoding), form))
    }

    /// From now on it is for whoever is signed in. `false`, and nothing has changed, if its name may mean another content one day: who was
    /// signed in may have it still.
    pub(super) fn guard(&mut self) -> bool {
        let fits = matches!(self.keep, Keep::Always | Keep::Guarded);
        if fits {
            self.keep = Keep::Guarded;
        }
        fits
    }

    /// Whether it is for nobody who isn't signed in.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.keep == Keep::Guarded
    }

    /// Whether what is sent depends on what a browser can read.
    #[must_use]
    pub fn varies(&self) -> bool {
        !self.smaller.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Option<File> {
        let smaller = vec![(Encoding::Brotli, vec![1]), (Encoding::Gzip, vec![1; 9])];
        File::new(name, b"body { }".to_vec(), smaller)
    }

    #[test]
    fn names_say_what_a_file_is_and_how_long_it_is_kept() {
        for (name, kind, keep) in [
            ("index.html", "text/html; charset=utf-8", Keep::Ask),
            ("assets/index-4f2a.js", "text/javascript; charset=utf-8", Keep::Always),
            ("assets/inter-4f2a.woff2", "font/woff2", Keep::Always),
            ("favicon.svg", "image/svg+xml", Keep::Hour),
        ] {
            let file = file(name).unwrap();
            assert_eq!((file.kind.to_str().unwrap(), file.keep), (kind, keep), "{name}");
        }
        for unknown in ["assets/index.js.map", "README", "a.exe"] {
            assert!(file(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn only_what_has_its_own_name_for_each_content_is_guarded() {
        let mut script = file("assets/index-4f2a.js").unwrap();
        assert!(!script.is_guarded() && script.guard() && script.guard() && script.is_guarded());
        assert!(script.keep.header().to_str().unwrap().starts_with("private, "));
        for other in ["index.html", "favicon.svg"] {
            let mut file = file(other).unwrap();
            assert!(!file.guard() && !file.is_guarded(), "{other}");
        }
    }

    #[test]
    fn each_form_has_a_tag_and_only_what_is_smaller_is_one() {
        let file = file("a.css").unwrap();
        let (encoding, smallest) = file.form(|_| true);
        let (none, plain) = file.form(|encoding| encoding == Encoding::Gzip);
        assert_eq!((encoding, none, plain.body.len()), (Some(Encoding::Brotli), None, 8));
        assert_ne!(smallest.tag, plain.tag);
        assert!(file.varies() && !File::new("a.css", vec![1], Vec::new()).unwrap().varies());
    }
}
