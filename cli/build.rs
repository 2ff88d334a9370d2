//! Tells the loader where libtorch is: a build of the whole workspace links it here, too, through the worker's library.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if let Some(folder) = std::env::var_os("LIBTORCH").and_then(|folder| folder.into_string().ok())
    {
        println!("cargo:rustc-link-arg-bins=-Wl,-rpath,{folder}/lib");
    }
}
