// wasi-libc's own is an error to include. Nothing here jumps.
