//! How often a route may be called, by the class of the route. Data only. The numbers hold for one pod of the gateway: two pods let
//! through up to twice as much.

/// A class of routes that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Public reading: plans, the proof of a certificate.
    Page,
    /// Forms of the website.
    Form,
    /// One-time codes: each sends a mail or a text that costs money.
    Codes,
    /// Reading of people who are signed in.
    Read,
    /// Changes by people who are signed in.
    Write,
    /// Events of vendors, who come in bursts from few addresses.
    Event,
    /// Pages of sites, each of which comes with a dozen files.
    Site,
    /// What no route was found for, or was refused before one was asked.
    Stray,
}

/// `quota` calls at once, and evenly as many again within each `window` afterwards: in no window more than twice the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls.
    pub quota: u32,
    /// Seconds.
    pub window: u32,
}

const fn per_minute(quota: u32) -> Quota {
    Quota { quota, window: 60 }
}

impl Rate {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Page, Self::Form, Self::Codes, Self::Read, Self::Write, Self::Event, Self::Site, Self::Stray];

    /// For one address (one /64 of IPv6). Many people share one, so it is wider than what one person has.
    #[must_use]
    pub const fn of_address(self) -> Quota {
        match self {
            Self::Page => per_minute(600),
            Self::Form => per_minute(30),
            Self::Codes => per_minute(20),
            Self::Read => per_minute(3000),
            Self::Write => per_minute(600),
            Self::Event | Self::Site => per_minute(6000),
            Self::Stray => per_minute(300),
        }
    }

    /// For one /48 of IPv6, where it counts: such a network is to be had for nothing, and holds 65,536 of what counts as an address.
    #[must_use]
    pub const fn of_network(self) -> Option<Quota> {
        match self {
            Self::Form | Self::Codes => Some(per_minute(self.of_address().quota * 8)),
            Self::Page | Self::Read | Self::Write | Self::Event | Self::Site | Self::Stray => None,
        }
    }

    /// For one person. Public routes know none.
    #[must_use]
    pub const fn of_person(self) -> Quota {
        match self {
            Self::Page | Self::Event | Self::Read | Self::Site | Self::Stray => per_minute(600),
            Self::Form | Self::Codes => per_minute(10),
            Self::Write => per_minute(120),
        }
    }

    /// For one key: the application (`client_id`) that a token was given to, whoever uses it.
    #[must_use]
    pub const fn of_key(self) -> Quota {
        match self {
            Self::Page | Self::Event | Self::Read | Self::Site | Self::Stray => per_minute(60_000),
            Self::Form | Self::Codes => per_minute(1000),
            Self::Write => per_minute(12_000),
        }
    }

    /// The name of a policy's class.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Form => "form",
            Self::Codes => "codes",
            Self::Read => "read",
            Self::Write => "write",
            Self::Event => "event",
            Self::Site => "site",
            Self::Stray => "stray",
        }
    }
}
