//! Settings of the kernel that decide about ports and buffers. Where there is no such file, as on
//! other systems and in some sandboxes, nothing is known.

use std::path::Path;

/// The ports that the kernel gives to sockets that ask for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ephemeral {
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
    /// Ports among them that it never gives, as ranges in order.
    pub reserved: Vec<(u16, u16)>,
}

/// The variable with the ports that are never given.
pub const RESERVED_PORTS: &str = "net.ipv4.ip_local_reserved_ports";

impl Ephemeral {
    /// Reads them.
    pub fn read() -> Option<Self> {
        let range = variable("net.ipv4.ip_local_port_range")?;
        Self::parse(&range, &variable(RESERVED_PORTS).unwrap_or_default())
    }

    fn parse(range: &str, reserved: &str) -> Option<Self> {
        let mut ends = range.split_whitespace().map(str::parse);
        let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
        let reserved = reserved.trim().split(',').filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some((first.parse().ok()?, last.parse().ok()?))
        });
        Some(Self {
            first,
            last,
            reserved: reserved.collect(),
        })
    }

    /// The first and the last of `first` to `last` that the kernel may give away.
    pub fn among(&self, first: u16, last: u16) -> Option<(u16, u16)> {
        let given = |port: &u16| {
            (self.first..=self.last).contains(port)
                && !self.reserved.iter().any(|(a, b)| (a..=b).contains(&port))
        };
        let ends = ((first..=last).find(given), (first..=last).rfind(given));
        ends.0.zip(ends.1)
    }

    /// What `RESERVED_PORTS` must be, so that these are never given either.
    pub fn reserving(&self, more: &[(u16, u16)]) -> String {
        let mut all = self.reserved.clone();
        all.extend(more);
        all.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (first, last) in all {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        let shown = merged.iter().map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        });
        shown.collect::<Vec<_>>().join(",")
    }
}

/// A variable of the kernel, `net.core.rmem_max`.
pub fn variable(name: &str) -> Option<String> {
    let path = Path::new("/proc/sys").join(name.replace('.', "/"));
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(reserved: &str) -> Ephemeral {
        Ephemeral::parse("32768\t60999", reserved).unwrap()
    }

    #[test]
    fn what_the_kernel_may_give_away_is_told() {
        assert_eq!(usual("").among(50000, 60000), Some((50000, 60000)));
        assert_eq!(usual("").among(60000, 61010), Some((60000, 60999)));
        assert_eq!(usual("").among(7880, 7880), None);
        assert_eq!(usual("50000-60000").among(50000, 60000), None);
        let partly = usual("8080,49000-55000,60000");
        assert_eq!(partly.among(50000, 60000), Some((55001, 59999)));
        assert!(Ephemeral::parse("nonsense", "").is_none());
    }

    #[test]
    fn what_was_reserved_before_stays_reserved() {
        assert_eq!(usual("").reserving(&[(50000, 60000)]), "50000-60000");
        let some = usual("8080,49000-55000");
        assert_eq!(
            some.reserving(&[(50000, 60000), (3478, 3478)]),
            "3478,8080,49000-60000"
        );
    }
}
