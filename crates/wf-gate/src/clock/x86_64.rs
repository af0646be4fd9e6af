//! The time-stamp counter and the dependent chain of x86-64.

use core::arch::asm;

use super::Unavailable;

/// Whether the counter runs at a constant rate in every power state.
pub(super) fn usable() -> Result<(), Unavailable> {
    const INVARIANT_LEAF: u32 = 0x8000_0007;
    const INVARIANT_BIT: u32 = 1 << 8;
    let (max, _) = cpuid(0x8000_0000);
    if max < INVARIANT_LEAF || cpuid(INVARIANT_LEAF).1 & INVARIANT_BIT == 0 {
        return Err(Unavailable::NotInvariant);
    }
    Ok(())
}

/// `eax` and `edx` of a leaf.
fn cpuid(leaf: u32) -> (u32, u32) {
    let (eax, edx);
    // SAFETY: every x86-64 processor has `cpuid`; `rbx`, which the compiler reserves, is put back by the second
    // exchange, and the other registers it writes are declared as outputs. It touches no memory and no stack.
    unsafe {
        asm!(
            "xchg {keep:r}, rbx",
            "cpuid",
            "xchg {keep:r}, rbx",
            keep = out(reg) _,
            inout("eax") leaf => eax,
            inout("ecx") 0 => _,
            out("edx") edx,
            options(nostack),
        );
    }
    (eax, edx)
}

/// The counter between two fences: work before it is done, work after it has not begun.
#[inline(always)]
pub(super) fn now() -> u64 {
    let (high, low): (u64, u64);
    // SAFETY: `lfence` and `rdtsc` exist on every x86-64 processor and write only `rax` and `rdx`, which are declared.
    // The block is not marked `nomem`, so the compiler keeps memory operations on their side of it.
    unsafe {
        asm!("lfence", "rdtsc", "lfence", out("rax") low, out("rdx") high, options(nostack));
    }
    (high << 32) | low
}

/// Whether a core of this kind does at least four additions a cycle: those with AVX2 do.
pub(super) fn width_is_known() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// 4,096 additions to eight registers in turn, so that only the number of units that add limits them.
#[inline(never)]
pub(super) fn wide() {
    const { assert!(super::WIDE_ADDS == 8 * 64 * 8) };
    // SAFETY: the block reads and writes only the ten registers declared, and the loop ends after eight turns.
    unsafe {
        asm!(
            ".p2align 6",
            "2:",
            ".rept 64",
            "add {a}, {step}",
            "add {b}, {step}",
            "add {c}, {step}",
            "add {d}, {step}",
            "add {e}, {step}",
            "add {f}, {step}",
            "add {g}, {step}",
            "add {h}, {step}",
            ".endr",
            "dec {turns:e}",
            "jnz 2b",
            a = inout(reg) 0_u64 => _,
            b = inout(reg) 0_u64 => _,
            c = inout(reg) 0_u64 => _,
            d = inout(reg) 0_u64 => _,
            e = inout(reg) 0_u64 => _,
            f = inout(reg) 0_u64 => _,
            g = inout(reg) 0_u64 => _,
            h = inout(reg) 0_u64 => _,
            step = in(reg) 1_u64,
            turns = inout(reg) 8_u32 => _,
            options(nostack, nomem),
        );
    }
}

/// 4,096 additions, each waiting for the one before.
///
/// Register to register: renamers of newer cores fold an addition of an immediate away, and the chain would then run
/// faster than one per cycle.
#[inline(never)]
pub(super) fn chain() {
    const { assert!(super::CHAIN_ADDS == 32 * 128) };
    // SAFETY: the block reads and writes only the three registers declared, and the loop ends after 32 turns.
    unsafe {
        asm!(
            "2:",
            ".rept 128",
            "add {sum}, {step}",
            ".endr",
            "dec {turns:e}",
            "jnz 2b",
            sum = inout(reg) 0_u64 => _,
            step = in(reg) 1_u64,
            turns = inout(reg) 32_u32 => _,
            options(nostack, nomem),
        );
    }
}
