//! What is believed of documents that follow one another.

use super::*;

fn key(kid: &str, x: char) -> Key {
    let entry =
        serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": format!("{}A", x.to_string().repeat(42))});
    Key::of(&serde_json::from_value(entry).unwrap()).unwrap()
}

#[test]
fn a_key_that_is_gone_is_believed_for_a_while() {
    let (now, overlap) = (Instant::now(), Duration::from_secs(60));
    let first = Held::default().renewed(vec![key("1", 'A')], now, overlap);
    let remembered = Arc::clone(&first.keys["1"]);
    let second = first.renewed(vec![key("2", 'B')], now, overlap);
    let (later, end) = (now + Duration::from_secs(59), now + overlap);
    assert!(second.keys.len() == 2 && remembered.holds(later) && !remembered.holds(end));
    assert_eq!(second.renewed(vec![key("2", 'B')], later, overlap).keys.len(), 2);
    assert!(!remembered.holds(end), "the overlap isn't begun anew");
    let back = second.renewed(vec![key("1", 'A'), key("2", 'B')], later, overlap);
    assert!(remembered.holds(end) && back.keys["1"].holds(end), "a key may come back");
    let third = back.renewed(vec![key("2", 'B')], later, overlap);
    assert_eq!(third.renewed(vec![key("2", 'B')], later + overlap, overlap).keys.len(), 1);
    assert!(!remembered.holds(later + overlap));
}

#[test]
fn an_odd_entry_takes_no_other_with_it() {
    let entry = |kid: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{}"}}"#, "A".repeat(43));
    let document = format!(r#"{{"keys":[7,{{"kid":"2"}},{{"kty":["EC"]}},{},{{"kty":"new"}}]}}"#, entry("1"));
    assert_eq!(read(document.as_bytes()).unwrap(), [key("1", 'A')]);
    assert!(read(br#"{"keys":[]}"#).unwrap().is_empty(), "all were taken back");
    for unreadable in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert!(read(unreadable.as_bytes()).is_err(), "{unreadable}");
    }
}

#[test]
fn when_all_are_taken_back_none_is_believed_after_the_overlap() {
    let (now, overlap) = (Instant::now(), Duration::from_secs(60));
    let last = Held::default().renewed(vec![key("1", 'A')], now, overlap).renewed(Vec::new(), now, overlap);
    assert!(last.keys.len() == 1 && !last.keys["1"].holds(now + overlap));
    let none = last.renewed(Vec::new(), now + overlap, overlap);
    assert_eq!((none.keys.len(), none.fetched), (0, Some(now + overlap)));
}

#[test]
fn another_key_under_the_same_name_takes_its_place() {
    let now = Instant::now();
    let first = Held::default().renewed(vec![key("1", 'A')], now, Duration::from_secs(60));
    let second = first.renewed(vec![key("1", 'B')], now, Duration::from_secs(60));
    assert!(!first.keys["1"].holds(now) && second.keys["1"].holds(now));
    assert_eq!((second.keys.len(), &second.keys["1"].key), (1, &key("1", 'B')));
}
