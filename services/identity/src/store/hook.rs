//! The SQL that knows who a user of Supabase's is: one identifier, a person's or one of the staff's.

use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

/// Who it is, and how they can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The registered address, in its canonical form.
    pub email: Option<String>,
    /// The registered telephone, E.164 with the plus.
    pub phone: Option<String>,
    /// One of the staff; else a person.
    pub staff: Option<Staff>,
}

/// One of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Whether they may sign in.
    pub is_active: bool,
    /// `owner`, `admin`, `member` or `viewer` of the platform, if they have a role.
    pub role: Option<String>,
}

/// Staff first: an identifier is one of both, and if it were both, the one that can be switched off counts.
const KNOWN: &str = "SELECT u.email, u.phone, u.is_active, a.role::text FROM platform_users AS u \
       LEFT JOIN admins AS a ON a.platform_user_id = u.id WHERE u.id = $1 \
     UNION ALL SELECT e.email, m.phone_number, NULL, NULL FROM human_names AS h \
       JOIN email_addresses AS e ON e.id = h.email_address_id LEFT JOIN mobile_numbers AS m ON m.human_name_id = h.id \
       WHERE h.id = $1 AND h.erased_at IS NULL AND NOT EXISTS (SELECT FROM platform_users AS u WHERE u.id = $1)";

/// Who has this identifier; none if nobody has, or nobody any more.
///
/// # Errors
/// See [`DbError`].
pub async fn known(db: &Db, id: Uuid) -> Result<Option<Known>, DbError> {
    type Row = (Option<String>, Option<String>, Option<bool>, Option<String>);
    let row: Option<Row> = db
        .run(&id, |session, id| {
            Box::pin(async move { sqlx::query_as(KNOWN).bind(id).fetch_optional(session.conn()).await })
        })
        .await?;
    Ok(row.map(|(email, phone, is_active, role)| {
        let staff = is_active.map(|is_active| Staff { is_active, role });
        Known { email, phone, staff }
    }))
}
