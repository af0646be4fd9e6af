//! `/proc/self/smaps`, as `proc_pid_smaps(5)` describes it.

use super::Pages;

/// The report on the mapping that holds `address`.
pub(super) fn pages_at(address: usize) -> Option<Pages> {
    parse(&std::fs::read_to_string("/proc/self/smaps").ok()?, address)
}

fn parse(smaps: &str, address: usize) -> Option<Pages> {
    let mut lines =
        smaps.lines().skip_while(|line| !range(line).is_some_and(|(from, to)| (from..to).contains(&address)));
    let (from, to) = range(lines.next()?)?;
    let mut pages = Pages { mapped_bytes: (to - from) as u64, ..Pages::default() };
    for line in lines.take_while(|line| range(line).is_none()) {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let Some(bytes) = rest.trim().strip_suffix(" kB").and_then(|kb| kb.parse::<u64>().ok()) else {
            continue;
        };
        match name {
            "Rss" => pages.resident_bytes = bytes << 10,
            "FilePmdMapped" | "ShmemPmdMapped" | "AnonHugePages" => pages.huge_bytes += bytes << 10,
            _ => {}
        }
    }
    Some(pages)
}

/// The addresses at the start of a mapping's first line.
fn range(line: &str) -> Option<(usize, usize)> {
    let (from, to) = line.split_once(' ')?.0.split_once('-')?;
    Some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
7f0000000000-7f0000400000 r--s 00000000 fe:00 131 /data/s.wfs
Size:               4096 kB
KernelPageSize:        4 kB
Rss:                3000 kB
AnonHugePages:         0 kB
FilePmdMapped:      2048 kB
VmFlags: rd sh mr me ms
7f0000400000-7f0000401000 rw-p 00000000 00:00 0
Size:                  4 kB
Rss:                   4 kB
";

    #[test]
    fn the_mapping_that_holds_the_address_is_read() {
        let pages = parse(SMAPS, 0x7f00_003f_ffff).unwrap();
        assert_eq!(pages, Pages { mapped_bytes: 4 << 20, resident_bytes: 3000 << 10, huge_bytes: 2 << 20 });
        assert_eq!(parse(SMAPS, 0x7f00_0040_0000).unwrap().mapped_bytes, 4096);
        assert_eq!(parse(SMAPS, 0x7f00_0040_1000), None);
    }
}
