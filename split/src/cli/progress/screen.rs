//! The last lines of a terminal, drawn over again and again. In: a text. Out: what to write for it.
//!
//! Source of the sequences: <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>: up n lines, erase below, no wrapping.

/// What stands on the screen now.
#[derive(Default)]
pub(super) struct Screen {
    drawn: usize,
}

impl Screen {
    /// Replaces what was drawn by `text`, cut to `rows` lines. Long lines are cut by the terminal: a wrapped one would count for two.
    pub(super) fn draw(&mut self, text: &str, rows: usize) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let room = rows.saturating_sub(2).max(1);
        let shown = &lines[..lines.len().min(room)];
        let mut out = self.clear();
        out.push_str("\x1b[?7l");
        for line in shown {
            out.push_str(line);
            out.push('\n');
        }
        self.drawn = shown.len();
        if shown.len() < lines.len() {
            out.push_str(&format!("… {} more lines\n", lines.len() - shown.len()));
            self.drawn += 1;
        }
        out.push_str("\x1b[?7h");
        out
    }

    /// Takes away what was drawn.
    pub(super) fn clear(&mut self) -> String {
        let up = if self.drawn == 0 { String::new() } else { format!("\x1b[{}A", self.drawn) };
        self.drawn = 0;
        format!("{up}\r\x1b[J")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_replaces_the_one_before() {
        let mut screen = Screen::default();
        assert_eq!(screen.draw("a\nb", 24), "\r\x1b[J\x1b[?7la\nb\n\x1b[?7h");
        assert_eq!(screen.draw("c", 24), "\x1b[2A\r\x1b[J\x1b[?7lc\n\x1b[?7h");
        assert_eq!(screen.clear(), "\x1b[1A\r\x1b[J");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut screen = Screen::default();
        assert_eq!(screen.draw("a\nb\nc\nd", 4), "\r\x1b[J\x1b[?7la\nb\n… 2 more lines\n\x1b[?7h");
        assert!(screen.clear().starts_with("\x1b[3A"));
    }
}
