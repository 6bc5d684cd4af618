//! Every kind of row against every kind of caller, and what is found in a table.

use uuid::Uuid;

use super::*;

fn principal(kind: PrincipalKind, assurance: Assurance) -> Proved {
    Proved::Principal(Principal { id: Uuid::from_u128(1), kind, assurance })
}

#[test]
fn every_row_says_who_may_and_everybody_else_may_not() {
    use Assurance::{First, Second};
    use PrincipalKind::{Person, Staff};
    let service = || Proved::Service("fte".into());
    let nothing = || Proved::Nothing;
    let asked = [
        nothing(),
        principal(Person, First),
        principal(Person, Second),
        principal(Staff, First),
        principal(Staff, Second),
        service(),
    ];
    for (may, expected) in [
        (May::Public, [200, 200, 200, 200, 200, 200]),
        (May::Person, [401, 200, 200, 403, 200, 403]),
        (May::Staff, [401, 403, 403, 403, 200, 403]),
        (May::Service, [401, 403, 403, 403, 403, 200]),
    ] {
        let rule = Rule::route(Verb::Get, "/", may);
        let answers =
            asked.clone().map(|who| admit(&rule, who).map_or_else(|problem| problem.kind().status().as_u16(), |_| 200));
        assert_eq!(answers, expected, "{may:?}");
    }
    let person = admit(&Rule::route(Verb::Get, "/", May::Person), principal(Person, First));
    assert_eq!(person, Ok(Caller::Person { id: Uuid::from_u128(1), assurance: First }));
    assert_eq!(admit(&Rule::calls("a.B"), service()), Ok(Caller::Service("fte".into())));
}

#[test]
fn what_is_not_in_the_table_is_not_found() {
    const RULES: &[Rule] = &[
        Rule::route(Verb::Get, "/a/{id}", May::Public),
        Rule::route(Verb::Put, "/a/{id}", May::Staff),
        Rule::calls("rerp.identity.v1.PersonService"),
    ];
    let table = Table::new(RULES);
    let may = |path: &str, method: Method| table.find(path, &method).map(|rule| rule.may);
    assert_eq!((may("/a/{id}", Method::GET), may("/a/{id}", Method::HEAD)), (Some(May::Public), Some(May::Public)));
    assert_eq!(may("/a/{id}", Method::PUT), Some(May::Staff));
    assert_eq!(may("/rerp.identity.v1.PersonService/{*call}", Method::POST), Some(May::Service));
    for (path, method) in [
        ("/a/{id}", Method::DELETE),
        ("/a/{id}", Method::PATCH),
        ("/a/{name}", Method::GET),
        ("/a", Method::GET),
        ("/rerp.identity.v1.EmailService/{*call}", Method::POST),
    ] {
        assert_eq!(may(path, method.clone()), None, "{method} {path}");
    }
}
