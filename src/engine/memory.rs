//! The memory of one engine, which can be put back to what it was.
//!
//! A runtime that has loaded the SDK is the same for every file. It is made once, its memory is copied, and after each file
//! the copy is put back, at the same addresses: nothing of what the file did is left, because there is nowhere it could be.
//! That is cheaper than to make such a runtime, and than to let the engine free one object by object.
//!
//! Handing out memory is not safe by nature. What must hold stands beside each step.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

use rquickjs::allocator::Allocator;

/// How much of an engine's memory lies in one piece, in bytes. What is beyond comes from the system, block by block.
/// Pages that are never used cost nothing.
const REGION: usize = 8 << 20;

/// Every address that is given out is a multiple of it.
const ALIGN: usize = 16;

/// The largest block of the region, in bytes.
const LARGEST: usize = 1 << 20;

/// How many sizes of blocks there are: eight for each power of two.
const CLASSES: usize = 8 * (LARGEST.ilog2() as usize + 1);

/// The class of a block that is not of the region.
const OUTSIDE: usize = usize::MAX;

/// What stands before every block.
#[repr(C, align(16))]
struct Header {
    /// How many bytes its user may use.
    usable: usize,
    /// Which list it goes to when it is free; or [`OUTSIDE`].
    class: usize,
}

/// What stands before the header of a block that is not of the region.
#[repr(C, align(16))]
struct Link {
    before: *mut Link,
    after: *mut Link,
}

/// What stands at the beginning of the region, so that it is put back with it.
#[repr(C, align(16))]
struct Books {
    /// Where nothing has been given out yet, from the beginning of the region.
    end: usize,
    /// The free blocks of each class. Where one is used, its first bytes are the address of the next.
    free: [*mut u8; CLASSES],
}

struct State {
    region: NonNull<u8>,
    /// The blocks that are not of the region.
    outside: *mut Link,
    /// What the region was.
    copy: Option<Box<[MaybeUninit<u8>]>>,
}

/// The memory of one engine. Clones are the same memory.
///
/// It belongs to whoever has the runtime's lock: the engine through [`Allocator`], and whoever puts it back.
#[derive(Clone)]
pub(super) struct Memory(Arc<Cell>);

struct Cell(UnsafeCell<State>);

// SAFETY: all that it points to is its own, and only one thread at a time uses it: see `Memory`.
unsafe impl Send for Cell {}
// SAFETY: as above.
unsafe impl Sync for Cell {}

const REGION_LAYOUT: Layout = match Layout::from_size_align(REGION, ALIGN) {
    Ok(layout) => layout,
    Err(_) => panic!("no such layout"),
};

impl Memory {
    /// Nothing is used yet.
    pub(super) fn new() -> Memory {
        // SAFETY: the size is not zero.
        let region = NonNull::new(unsafe { alloc(REGION_LAYOUT) });
        let region = region.unwrap_or_else(|| handle_alloc_error(REGION_LAYOUT));
        let books = Books { end: size_of::<Books>(), free: [null_mut(); CLASSES] };
        // SAFETY: the region is large enough and aligned.
        unsafe { region.cast::<Books>().write(books) };
        Memory(Arc::new(Cell(UnsafeCell::new(State { region, outside: null_mut(), copy: None }))))
    }

    /// Remembers what is in it now. `false`: it is too much, and nothing is remembered.
    ///
    /// # Safety
    ///
    /// The engine does not run.
    pub(super) unsafe fn remember(&self) -> bool {
        // SAFETY: nobody else uses it.
        let state = unsafe { &mut *self.0.0.get() };
        if !state.outside.is_null() {
            return false;
        }
        let mut copy = Box::new_uninit_slice(state.books().end);
        // SAFETY: it has that length, and is no part of the region.
        unsafe {
            state
                .region
                .cast::<MaybeUninit<u8>>()
                .copy_to_nonoverlapping(NonNull::from(&mut *copy).cast(), copy.len())
        };
        state.copy = Some(copy);
        true
    }

    /// Puts back what was remembered.
    ///
    /// # Safety
    ///
    /// The engine does not run, and nobody will use an address that was given out since, nor a value that has one.
    pub(super) unsafe fn put_back(&self) {
        // SAFETY: nobody else uses it.
        let state = unsafe { &mut *self.0.0.get() };
        state.free_outside();
        if let Some(copy) = &state.copy {
            // SAFETY: it was copied from there.
            unsafe { NonNull::from(&**copy).cast::<u8>().copy_to_nonoverlapping(state.region, copy.len()) };
        }
    }
}

impl State {
    fn books(&mut self) -> &mut Books {
        // SAFETY: they were written when the region was made.
        unsafe { self.region.cast::<Books>().as_mut() }
    }

    /// A block for `size` bytes; null if there is no memory.
    fn take(&mut self, size: usize) -> *mut u8 {
        let Some((class, usable)) = class_of(size) else { return self.take_outside(size) };
        let region = self.region;
        let books = self.books();
        let free = books.free[class];
        if !free.is_null() {
            // SAFETY: a free block holds the address of the next.
            books.free[class] = unsafe { free.cast::<*mut u8>().read() };
            return free;
        }
        let whole = size_of::<Header>() + usable;
        if REGION - books.end < whole {
            return self.take_outside(size);
        }
        // SAFETY: that much is left, and every block is a multiple of the alignment.
        unsafe {
            let header = region.add(books.end).cast::<Header>();
            books.end += whole;
            header.write(Header { usable, class });
            header.add(1).cast::<u8>().as_ptr()
        }
    }

    fn take_outside(&mut self, size: usize) -> *mut u8 {
        let Some(layout) = outside(size) else { return null_mut() };
        // SAFETY: the size is not zero, and what is written lies in the block.
        unsafe {
            let link = alloc(layout).cast::<Link>();
            if link.is_null() {
                return null_mut();
            }
            let header = link.add(1).cast::<Header>();
            header.write(Header { usable: size, class: OUTSIDE });
            self.put_first(link);
            header.add(1).cast()
        }
    }

    /// Puts a block before all others that are not of the region.
    unsafe fn put_first(&mut self, link: *mut Link) {
        // SAFETY: the caller's block is whole, and so are those in the list.
        unsafe {
            link.write(Link { before: null_mut(), after: self.outside });
            if let Some(after) = self.outside.as_mut() {
                after.before = link;
            }
        }
        self.outside = link;
    }

    /// Takes a block out of those that are not of the region.
    unsafe fn take_out(&mut self, link: *mut Link) {
        // SAFETY: all in the list are whole.
        unsafe {
            let Link { before, after } = link.read();
            match before.as_mut() {
                Some(before) => before.after = after,
                None => self.outside = after,
            }
            if let Some(after) = after.as_mut() {
                after.before = before;
            }
        }
    }

    /// Gives a block back.
    unsafe fn give(&mut self, block: *mut u8) {
        // SAFETY: the block was given out, so a header stands before it, and a link before that if it is not of the region.
        unsafe {
            let header = block.cast::<Header>().sub(1);
            let Header { usable, class } = header.read();
            if class != OUTSIDE {
                let books = self.books();
                block.cast::<*mut u8>().write(books.free[class]);
                books.free[class] = block;
            } else if let Some(layout) = outside(usable) {
                let link = header.cast::<Link>().sub(1);
                self.take_out(link);
                dealloc(link.cast(), layout);
            }
        }
    }

    /// Makes a block that is not of the region larger or smaller. Null: there is no memory, and it is what it was.
    unsafe fn resize_outside(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: as in `give`.
        unsafe {
            let header = block.cast::<Header>().sub(1);
            let (Some(old), Some(new)) = (outside((*header).usable), outside(size)) else {
                return null_mut();
            };
            let link = header.cast::<Link>().sub(1);
            self.take_out(link);
            let moved = realloc(link.cast(), old, new.size()).cast::<Link>();
            let link = if moved.is_null() { link } else { moved };
            self.put_first(link);
            if moved.is_null() {
                return null_mut();
            }
            let header = link.add(1).cast::<Header>();
            (*header).usable = size;
            header.add(1).cast()
        }
    }

    fn free_outside(&mut self) {
        while !self.outside.is_null() {
            // SAFETY: all in the list are whole; the block begins after link and header.
            unsafe { self.give(self.outside.add(1).cast::<Header>().add(1).cast()) };
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.free_outside();
        // SAFETY: it was made with this layout.
        unsafe { dealloc(self.region.as_ptr(), REGION_LAYOUT) };
    }
}

/// Which class a block for `size` bytes has, and how many bytes such a block has; `None`: none of the region.
fn class_of(size: usize) -> Option<(usize, usize)> {
    if size > LARGEST {
        return None;
    }
    let size = size.next_multiple_of(ALIGN).max(8 * ALIGN);
    // The distance of the sizes at this power of two, of which there are eight.
    let step = (1 << size.ilog2()) / 8;
    let usable = size.next_multiple_of(step);
    let power = usable.ilog2();
    let class = 8 * power as usize + (usable - (1 << power)) / ((1 << power) / 8);
    Some((class, usable))
}

/// The layout of a block of `size` bytes that is not of the region, with all that stands before it.
fn outside(size: usize) -> Option<Layout> {
    let size = size.checked_add(size_of::<Link>() + size_of::<Header>())?;
    Layout::from_size_align(size, ALIGN).ok()
}

// SAFETY: blocks are large enough, aligned, and used by nobody else until they are given back.
unsafe impl Allocator for Memory {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: only the engine calls, under its lock.
        unsafe { &mut *self.0.0.get() }.take(size)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(size) = count.checked_mul(size) else { return null_mut() };
        let block = self.alloc(size);
        if !block.is_null() {
            // SAFETY: the block has that size.
            unsafe { block.write_bytes(0, size) };
        }
        block
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        // SAFETY: as in `alloc`; the engine gives back what it was given.
        unsafe { (*self.0.0.get()).give(block) };
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(size);
        }
        // SAFETY: as in `dealloc`.
        unsafe {
            let Header { usable, class } = block.cast::<Header>().sub(1).read();
            if class == OUTSIDE {
                return (*self.0.0.get()).resize_outside(block, size);
            }
            if size <= usable {
                return block;
            }
            let larger = self.alloc(size);
            if !larger.is_null() {
                larger.copy_from_nonoverlapping(block, usable);
                self.dealloc(block);
            }
            larger
        }
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        // SAFETY: the engine asks of what it was given.
        unsafe { (*block.cast::<Header>().sub(1)).usable }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_size_has_a_class_that_fits() {
        for size in (1..5000).chain([1 << 16, (1 << 16) + 1, LARGEST - 1, LARGEST]) {
            let (class, usable) = class_of(size).unwrap();
            assert!(
                usable >= size && usable <= size + size / 8 + 128 && usable % ALIGN == 0,
                "{size} {usable}"
            );
            assert!(class < CLASSES);
            // All blocks of a class have the same size.
            assert_eq!(class_of(usable), Some((class, usable)));
        }
        assert_eq!(class_of(LARGEST + 1), None);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(usize),
        Resize(prop::sample::Index, usize),
        Give(prop::sample::Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = || prop_oneof![1_usize..600, 600_usize..9000, (LARGEST - 9)..(LARGEST + 99)];
        let step = prop_oneof![
            3 => size().prop_map(Step::Take),
            2 => (any::<prop::sample::Index>(), size()).prop_map(|(which, size)| Step::Resize(which, size)),
            2 => any::<prop::sample::Index>().prop_map(Step::Give),
        ];
        prop::collection::vec(step, 1..60)
    }

    /// Blocks and what each was filled with, byte by byte.
    type Blocks = Vec<(*mut u8, usize, u8)>;

    fn take_steps(memory: &mut Memory, blocks: &mut Blocks, steps: &[Step]) {
        for (number, step) in steps.iter().enumerate() {
            let mark = number as u8;
            match step {
                Step::Take(size) => {
                    let block = memory.calloc(1, *size);
                    assert!(block.addr().is_multiple_of(ALIGN));
                    assert!((0..*size).all(|at| unsafe { *block.add(at) } == 0));
                    unsafe { block.write_bytes(mark, *size) };
                    blocks.push((block, *size, mark));
                }
                Step::Resize(which, size) if !blocks.is_empty() => {
                    let (block, old, mark) = blocks.swap_remove(which.index(blocks.len()));
                    let block = unsafe { memory.realloc(block, *size) };
                    assert!(unsafe { Memory::usable_size(block) } >= *size);
                    check(&(block, old.min(*size), mark));
                    unsafe { block.write_bytes(mark, *size) };
                    blocks.push((block, *size, mark));
                }
                Step::Give(which) if !blocks.is_empty() => {
                    let block = blocks.swap_remove(which.index(blocks.len()));
                    check(&block);
                    unsafe { memory.dealloc(block.0) };
                }
                Step::Resize(..) | Step::Give(_) => {}
            }
        }
    }

    fn check(&(block, size, mark): &(*mut u8, usize, u8)) {
        assert!((0..size).all(|at| unsafe { *block.add(at) } == mark));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_block_is_another_and_all_can_be_put_back(before in steps(), after in prop::collection::vec(steps(), 2)) {
            let mut memory = Memory::new();
            let mut blocks = Vec::new();
            take_steps(&mut memory, &mut blocks, &before);
            blocks.iter().for_each(check);
            if unsafe { memory.remember() } {
                for steps in &after {
                    take_steps(&mut memory, &mut blocks.clone(), steps);
                    unsafe { memory.put_back() };
                    blocks.iter().for_each(check);
                }
            }
        }
    }
}
