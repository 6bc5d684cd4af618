use super::*;
use tempfile::TempDir;

const FORM: &str = r#"{"forms": {"hero": {"to": "/api/a", "fields": ["email"], "trap": "url", "thanks": "/thanks"}}}"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn whole() -> Vec<(&'static str, &'static str)> {
    vec![
        ("portal.json", FORM),
        ("index.html", "<p>home home home</p>"),
        ("index.html.br", "br"),
        ("thanks.html", "<p>thanks</p>"),
        ("legal/privacy.html", "<p>privacy</p>"),
        ("assets/index-4f2a.js", "1;1;1;1"),
        ("assets/index-4f2a.js.gz", "gz"),
        ("answers/not-found.html", "<p>nothing</p>"),
        ("answers/refused.html", "<p>no</p>"),
        ("answers/busy.html", "<p>later</p>"),
    ]
}

#[test]
fn files_have_addresses_and_what_is_no_file_has_none() {
    let bundle = Bundle::open(folder(&whole()).path()).unwrap();
    for path in ["/", "/thanks", "/legal/privacy", "/assets/index-4f2a.js"] {
        assert!(bundle.at(path).is_some(), "{path}");
    }
    for path in [
        "",
        "/index.html",
        "/index",
        "/thanks.html",
        "/portal.json",
        "/answers/busy",
        "/answers/busy.html",
        "/index.html.br",
        "/assets/index-4f2a.js.gz",
        "/assets",
        "/../portal.json",
    ] {
        assert!(bundle.at(path).is_none(), "{path}");
    }
    assert_eq!(bundle.addresses(), 4);
    assert!(bundle.has_forms() && bundle.form("hero").is_some() && bundle.form("Hero").is_none());
}

#[test]
fn a_bundle_that_lacks_something_is_refused() {
    for missing in ["portal.json", "index.html", "answers/busy.html", "thanks.html"] {
        let files: Vec<_> = whole().into_iter().filter(|(name, _)| *name != missing).collect();
        let refused = Bundle::open(folder(&files).path()).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains(missing.trim_end_matches(".html")), "{missing}: {said}");
    }
}

#[test]
fn a_second_factor_is_of_somebody_who_signs_in() {
    let opened = |says: &'static str| {
        let mut files = whole();
        files[0].1 = says;
        Bundle::open(folder(&files).path())
    };
    assert!(opened(r#"{"sessions": true, "factor": true}"#).unwrap().asks_for_factor());
    assert!(!opened(r#"{"sessions": true}"#).unwrap().asks_for_factor());
    let refused = opened(r#"{"app": true, "factor": true}"#).unwrap_err().to_string();
    assert!(refused.contains("`sessions`"), "{refused}");
}

#[test]
fn guarded_files_are_there_and_for_somebody_who_signs_in() {
    let opened = |says: &'static str| {
        let mut files = whole();
        files[0].1 = says;
        Bundle::open(folder(&files).path())
    };
    let bundle = opened(r#"{"sessions": true, "guarded": ["/assets/index-4f2a.js"]}"#).unwrap();
    assert!(bundle.at("/assets/index-4f2a.js").unwrap().is_guarded() && !bundle.at("/").unwrap().is_guarded());
    assert!(opened(r#"{"app": true, "guarded": []}"#).is_ok());
    for (says, why) in [
        (r#"{"guarded": ["/assets/index-4f2a.js"]}"#, "they need `sessions`"),
        (
            r#"{"sessions": true, "guarded": ["/assets/gone-4f2a.js"]}"#,
            "/assets/gone-4f2a.js, and there is no such file",
        ),
        (r#"{"sessions": true, "guarded": ["assets/index-4f2a.js"]}"#, "no such file"),
        (r#"{"sessions": true, "guarded": ["/assets/index-4f2a.js.gz"]}"#, "no such file"),
        (r#"{"sessions": true, "guarded": ["/portal.json"]}"#, "no such file"),
        (r#"{"sessions": true, "guarded": ["/"]}"#, "isn't below /assets/"),
    ] {
        let refused = opened(says).unwrap_err().to_string();
        assert!(refused.starts_with("portal.json: ") && refused.contains(why), "{says}: {refused}");
    }
}

#[test]
fn what_can_not_be_served_is_refused() {
    for stray in ["notes.md", "assets/index.js.map", "a b.html", "lone.css.br", ".hidden.html"] {
        let mut files = whole();
        files.push((stray, "x"));
        let refused = Bundle::open(folder(&files).path()).unwrap_err();
        assert!(matches!(refused, BundleError::Kind(_) | BundleError::Name(_)), "{stray}: {refused}");
    }
    let deep = format!("{}x.html", "a/".repeat(DEEPEST + 1));
    let mut files = whole();
    files.push((deep.as_str(), "x"));
    assert!(matches!(Bundle::open(folder(&files).path()), Err(BundleError::TooLarge)));
}
