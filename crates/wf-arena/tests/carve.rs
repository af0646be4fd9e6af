//! One reservation for several values.

use std::mem::MaybeUninit;

use wf_arena::{Arena, Bump as _, Carve, Error, Region, carved_bytes};

#[test]
fn values_lie_side_by_side_in_the_order_given() {
    let used = used_bytes(|scope| {
        let carve = Carve::<(u8, u64, [u16; 3], ())>::with_tail(&scope, carved_bytes::<u32>(3));
        let (a, carve) = carve.put(1);
        let (b, carve) = carve.put(2);
        let (c, carve) = carve.put([3, 4, 5]);
        let (unit, mut tail) = carve.put(());
        assert_eq!(tail.left_bytes(), 16);
        let d = tail.slice_copy(&[6_u32, 7, 8]);
        assert_eq!((*a, *b, *c, *unit, &*d), (1, 2, [3, 4, 5], (), &[6, 7, 8][..]));
        let start = (&raw const *a).addr();
        assert_eq!((&raw const *b).addr() - start, 8);
        assert_eq!((&raw const *c).addr() - start, 16);
        assert_eq!(d.as_ptr().addr() - start, 24);
        assert_eq!(tail.left_bytes(), 0);
        let full = Error::Full { requested_bytes: 8, left_bytes: 0 };
        assert_eq!(tail.try_slice_copy(&[1_u8]).unwrap_err(), full);
        assert_eq!(tail.slice_copy::<u8>(&[]), []);
    });
    assert_eq!(used, 40);
}

/// The bytes that `act` takes from an arena.
fn used_bytes(act: impl FnOnce(wf_arena::Scope<'_>)) -> usize {
    let mut arena = Arena::new();
    act(arena.scope());
    arena.stats().bytes_used
}

#[test]
fn references_between_values_of_one_reservation() {
    struct Node<'s> {
        below: Option<&'s Node<'s>>,
        depth: u32,
    }
    let mut memory = [MaybeUninit::uninit(); 256];
    let mut region = Region::new(&mut memory);
    let scope = region.scope();
    let carve = Carve::<(Node<'_>, Node<'_>, Node<'_>)>::new(&scope);
    let (first, carve) = carve.put(Node { below: None, depth: 0 });
    let (second, carve) = carve.put(Node { below: Some(first), depth: 1 });
    let (third, _) = carve.put(Node { below: Some(second), depth: 2 });
    assert_eq!(third.below.unwrap().below.unwrap().depth, 0);
    assert_eq!(third.depth, 2);
}

#[test]
fn a_reservation_that_cannot_be_is_an_error() {
    let mut memory = [MaybeUninit::uninit(); 64];
    let mut region = Region::new(&mut memory);
    let scope = region.scope();
    let error = Carve::<(u64,)>::try_with_tail(&scope, usize::MAX).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }));
    let error = Carve::<(u64,)>::try_with_tail(&scope, usize::MAX - 10).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }));
    let error = Carve::<(u64,)>::try_with_tail(&scope, carved_bytes::<u64>(usize::MAX)).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }));
    let error = Carve::<([u64; 100],)>::try_with_tail(&scope, 0).unwrap_err();
    assert!(matches!(error, Error::Full { requested_bytes: 800, .. }));
    assert_eq!(*scope.alloc(1), 1);
}

#[test]
fn sizes_are_counted_in_words_of_eight_bytes() {
    assert_eq!(carved_bytes::<u8>(0), 0);
    assert_eq!(carved_bytes::<u8>(1), 8);
    assert_eq!(carved_bytes::<u64>(3), 24);
    assert_eq!(carved_bytes::<[u8; 9]>(1), 16);
    assert_eq!(carved_bytes::<()>(1000), 0);
    assert!(carved_bytes::<u64>(usize::MAX) > isize::MAX as usize);
}

#[test]
fn strings_in_the_tail() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let mut tail = Carve::<()>::with_tail(&scope, carved_bytes::<u8>(5) + carved_bytes::<u8>(2));
    assert_eq!(
        (tail.str("grün"), tail.str("ab")),
        ("grün".to_owned().as_mut_str(), "ab".to_owned().as_mut_str())
    );
}

#[test]
fn lists_and_strings_are_made_where_they_stay() {
    let used = used_bytes(|scope| {
        let tail_bytes = carved_bytes::<u32>(5) + carved_bytes::<u8>(9) + carved_bytes::<u64>(0);
        let mut tail = Carve::<()>::with_tail(&scope, tail_bytes);
        let squares = tail.slice_fill_with(5, |i| (i * i) as u32);
        let name = tail.concat(&["gr", "", "ün", "-", "abc"]);
        let none = tail.slice_fill_with(0, |_| panic!("nothing to make"));
        let empty: &mut [u64] = none;
        assert_eq!((&*squares, &*name, &*empty), (&[0, 1, 4, 9, 16][..], "grün-abc", &[][..]));
        assert_eq!(name.as_ptr().addr(), squares.as_ptr().addr() + 24);
        assert_eq!((tail.left_bytes(), tail.concat(&[])), (0, String::new().as_mut_str()));
        squares[4] = 17;
        name.make_ascii_uppercase();
        assert_eq!((squares[4], &*name), (17, "GRüN-ABC"));
    });
    assert_eq!(used, 40);
}

#[test]
fn what_does_not_fit_the_tail_changes_nothing() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let mut tail = Carve::<()>::with_tail(&scope, 16);
    let full = |requested_bytes| Error::Full { requested_bytes, left_bytes: 16 };
    assert_eq!(tail.try_slice_fill_with(3, |_| 1_u64).unwrap_err(), full(24));
    assert_eq!(tail.try_slice_fill_with(usize::MAX, |_| 1_u64).unwrap_err(), full(usize::MAX / 8 * 8));
    assert_eq!(tail.try_concat(&["0123456789", "0123456"]).unwrap_err(), full(24));
    assert_eq!(tail.concat(&["0123456789", "012345"]), "0123456789012345");
    let mut tail = Carve::<()>::with_tail(&scope, 16);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tail.slice_fill_with(2, |i| if i == 1 { panic!("half way") } else { i as u64 });
    }));
    assert!(panicked.is_err());
    assert_eq!(tail.left_bytes(), 16);
    assert_eq!(tail.slice_fill_with(2, |i| i as u64), [0, 1]);
}
