//! wasmi as a WebAssembly module for the bench: it holds one guest, links every function that the guest imports to one
//! that does nothing and returns zeros, and runs its `run`. A pointer that is not null points to an error's text.

use std::cell::RefCell;
use std::ffi::CString;
use std::ptr;

use wasmi::{Engine, Error, Extern, ExternType, Func, Linker, Module, Store, TypedFunc, Val};

struct Guest {
    store: Store<()>,
    run: TypedFunc<i32, i32>,
    checksum: i32,
}

thread_local! {
    static GUEST: RefCell<Option<Guest>> = const { RefCell::new(None) };
}

fn link(bytes: &[u8]) -> Result<Guest, Error> {
    let engine = Engine::default();
    let module = Module::new(&engine, bytes)?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    for import in module.imports() {
        let ExternType::Func(func_type) = import.ty() else {
            return Err(Error::new(format!("{} is not a function", import.name())));
        };
        let zeros: Vec<Val> = func_type.results().iter().map(|&result| Val::default_for_ty(result)).collect();
        let func = Func::new(&mut store, func_type.clone(), move |_, _, results| {
            results.clone_from_slice(&zeros);
            Ok(())
        });
        linker.define(import.module(), import.name(), func)?;
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    if let Some(Extern::Func(initialize)) = instance.get_export(&store, "_initialize") {
        initialize.typed::<(), ()>(&store)?.call(&mut store, ())?;
    }
    let run = instance.get_typed_func(&store, "run")?;
    Ok(Guest { store, run, checksum: 0 })
}

fn error_of(result: Result<(), Error>) -> *const i8 {
    match result {
        Ok(()) => ptr::null(),
        Err(error) => CString::new(error.to_string()).unwrap_or_default().into_raw(),
    }
}

/// Memory for a module. It is never freed.
#[no_mangle]
pub extern "C" fn allocate(bytes: usize) -> *mut u8 {
    Box::leak(vec![0; bytes].into_boxed_slice()).as_mut_ptr()
}

/// # Safety
/// The bytes are in memory that `allocate` returned.
#[no_mangle]
pub unsafe extern "C" fn load(bytes: *const u8, length: usize) -> *const i8 {
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    error_of(link(bytes).map(|guest| GUEST.set(Some(guest))))
}

#[no_mangle]
pub extern "C" fn run(size: i32) -> *const i8 {
    GUEST.with_borrow_mut(|guest| {
        let guest = guest.as_mut().expect("`load` comes first");
        error_of(guest.run.call(&mut guest.store, size).map(|checksum| guest.checksum = checksum))
    })
}

#[no_mangle]
pub extern "C" fn result() -> i32 {
    GUEST.with_borrow(|guest| guest.as_ref().map_or(0, |guest| guest.checksum))
}
