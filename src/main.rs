//! The program: it does what its command line says. Never decides anything itself.

fn main() -> std::process::ExitCode {
    overnight::cli::main()
}
