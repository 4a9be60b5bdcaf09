//! The images of the drivers under test: those that are loaded, and where those lay that are gone.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// The image of a driver under test, with what it has to give back before it goes.
#[derive(Debug, Default)]
pub(crate) struct Image {
    /// The file's name.
    pub(crate) name: String,
    /// Where it lies.
    pub(crate) base: usize,
    /// How many bytes of address space it takes.
    pub(crate) size: usize,
    /// Whether its stop was asked for.
    pub(crate) stopping: AtomicBool,
    /// Pool blocks it ever allocated.
    pub(crate) blocks: AtomicU64,
    /// Critical regions entered and not left.
    pub(crate) critical_regions: AtomicI64,
    /// Work items allocated and not freed.
    pub(crate) work_items: AtomicI64,
    /// IRPs allocated and not freed.
    pub(crate) irps: AtomicI64,
    /// MDLs allocated and not freed.
    pub(crate) mdls: AtomicI64,
    /// Symbolic links made and not deleted.
    pub(crate) links: AtomicI64,
}

impl Image {
    /// Whether `address` lies in the image.
    pub(crate) fn holds(&self, address: usize) -> bool {
        address.wrapping_sub(self.base) < self.size
    }
}

static LOADED: RwLock<Vec<Arc<Image>>> = RwLock::new(Vec::new());
static GONE: RwLock<Vec<Arc<Image>>> = RwLock::new(Vec::new());

fn loaded() -> RwLockReadGuard<'static, Vec<Arc<Image>>> {
    LOADED.read().unwrap_or_else(PoisonError::into_inner)
}

/// The driver under test whose image holds `address`.
pub(crate) fn of(address: usize) -> Option<Arc<Image>> {
    loaded().iter().find(|image| image.holds(address)).cloned()
}

/// The image that lay at `address` and is gone. The last one, if there were several.
pub(crate) fn gone(address: usize) -> Option<Arc<Image>> {
    // For the fault handler, which may have interrupted anything.
    let gone = GONE.try_read().ok()?;
    gone.iter().rev().find(|image| image.holds(address)).cloned()
}

/// An image was loaded.
pub(crate) fn add(image: Image) -> Arc<Image> {
    let image = Arc::new(image);
    LOADED.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&image));
    image
}

/// The image at `base` is about to go.
pub(crate) fn remove(base: usize) -> Option<Arc<Image>> {
    let mut loaded = LOADED.write().unwrap_or_else(PoisonError::into_inner);
    let index = loaded.iter().position(|image| image.base == base)?;
    let image = loaded.remove(index);
    GONE.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&image));
    Some(image)
}

/// `address` as people and symbolisers read it: image and offset.
pub(crate) fn place(address: usize) -> String {
    let offset = |image: &Image, gone| format!("{}+{:#x}{gone}", image.name, address - image.base);
    match of(address) {
        Some(image) => offset(&image, ""),
        None => match gone(address) {
            Some(image) => offset(&image, "(unloaded)"),
            None => format!("{address:#x}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_by_its_image_loaded_or_gone() {
        let image =
            |name: &str, base| Image { name: name.to_owned(), base, size: 0x1000, ..Image::default() };
        add(image("one.sys", 0x10_0000));
        add(image("two.sys", 0x20_0000));
        assert_eq!(place(0x20_0fff), "two.sys+0xfff");
        assert_eq!(place(0x20_1000), "0x201000");
        assert_eq!(remove(0x10_0000).unwrap().name, "one.sys");
        assert!(of(0x10_0000).is_none() && remove(0x10_0000).is_none());
        assert_eq!(place(0x10_0010), "one.sys+0x10(unloaded)");
    }
}
