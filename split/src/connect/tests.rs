//! What a URL leads to, for us and for whoever connects with libpq.

use super::*;

const URL: &str = "postgresql://postgres:s%27ecret@127.0.0.1:5433/mono?options=-cfoo.bar%3D1";

#[test]
fn nothing_prints_the_password() {
    let endpoint = Endpoint::parse(Side::Source, URL, "abc").unwrap();
    assert_eq!(format!("{endpoint:?}"), "source 127.0.0.1:5433/mono");
    assert_eq!(endpoint.for_run(7).application_name("copy"), "rerp-split/abc/7/copy");
}

#[test]
fn a_conninfo_quotes_its_values() {
    let endpoint = Endpoint::parse(Side::Source, URL, "abc").unwrap();
    let text = endpoint.conninfo("u", "p'w");
    let begins = "host='127.0.0.1' port=5433 dbname='mono' user='u' password='p\\'w' sslmode=prefer connect_timeout";
    assert!(text.starts_with(begins), "{text}");
}

#[test]
fn whoever_connects_with_libpq_verifies_as_we_do() {
    let endpoint =
        || Endpoint::parse(Side::Source, "postgresql://u@h/d?sslmode=verify-full&sslrootcert=/r%27s.crt", "abc");
    let endpoint = endpoint().unwrap();
    let env = endpoint.libpq_env("dump");
    assert!(env.contains(&("PGSSLMODE", "verify-full".into())) && env.contains(&("PGSSLROOTCERT", "/r's.crt".into())));
    assert!(endpoint.conninfo("u", "p").contains(" sslmode=verify-full sslrootcert='/r\\'s.crt' "));
    let elsewhere = endpoint.with_roots_elsewhere(Some("/etc/ssl/source.crt".into()));
    assert!(elsewhere.conninfo("u", "p").contains(" sslmode=verify-full sslrootcert='/etc/ssl/source.crt' "));
    let plain = Endpoint::parse(Side::Source, "postgresql://u@h/d?sslmode=disable", "abc").unwrap();
    assert!(!plain.with_roots_elsewhere(Some("/r".into())).conninfo("u", "p").contains("sslrootcert"));
}

#[test]
fn what_is_missing_is_named() {
    for (url, what) in [
        ("postgresql://u@/db", "TCP host"),
        ("postgresql://u@a,b/db", "TCP host"),
        ("postgresql://h/db", "user"),
        ("postgresql://u@h", "database"),
    ] {
        let error = Endpoint::parse(Side::Target, url, "abc").unwrap_err();
        assert!(matches!(error, ConnectError::Incomplete { what: w, .. } if w == what), "{url}: {error:?}");
    }
}

#[test]
fn an_error_repeats_no_part_of_a_password() {
    for url in [
        "mysql://u:s3cret@h/d",
        "u:s3cret=x@h/d",
        "postgresql://u:p@s3cret@h/d",
        "postgresql://u:p@h?s3cret=x@h/d",
        "postgresql://u:p@h:s3cret/d",
        "",
    ] {
        let error = Endpoint::parse(Side::Source, url, "abc").unwrap_err();
        let text = crate::step::chain(&error);
        assert!(
            text.contains("write postgresql://USER:PASSWORD@HOST:PORT/DATABASE") && !text.contains("s3cret"),
            "{text}"
        );
    }
}

#[test]
fn a_password_from_elsewhere_is_for_a_url_without_one() {
    let of = |url| {
        let endpoint = Endpoint::parse(Side::Source, url, "abc").unwrap().with_password(Some("other"));
        let env = endpoint.libpq_env("dump");
        env.into_iter().find(|(name, _)| *name == "PGPASSWORD").map(|(_, value)| value).unwrap()
    };
    assert_eq!((of(URL).as_str(), of("postgresql://u@h/d").as_str()), ("s'ecret", "other"));
}
