//! What the original specification asks for is there: its endpoints, as the walk lists them, against the table of routes.

#[allow(dead_code, reason = "the walk and its page use more of it")]
#[path = "../../../../xtask/src/walk/original.rs"]
mod original;

use original::{ENDPOINTS, May as Asked};
use rerp_gateway::table::{INSIDE, May, TABLE};

#[test]
fn every_endpoint_of_the_specification_is_where_the_walk_says() {
    for endpoint in ENDPOINTS {
        let name = endpoint.name();
        if endpoint.may == Asked::Service {
            let is_inside = INSIDE.iter().any(|(verb, path)| verb.name() == endpoint.method && *path == endpoint.route);
            assert!(is_inside, "{name}");
            continue;
        }
        let row = TABLE.iter().find(|row| row.verb.name() == endpoint.method && row.path == endpoint.route);
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        let may = match endpoint.may {
            Asked::Public => May::Public,
            Asked::Person => May::Person,
            Asked::Staff => May::Staff,
            Asked::Service => May::Service,
        };
        assert_eq!((row.may, row.to.name()), (may, endpoint.service), "{name}");
    }
}
