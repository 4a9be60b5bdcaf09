//! The lab machine as something to log in to: Debian's OpenSSH server in front of it, on loopback only.
//!
//! Whoever logs in meets what Windows' own OpenSSH server offers: a command runs in `cmd.exe` of the lab, and
//! `scp file user@host:C:/lab/file` puts the file where `type C:\lab\file` finds it. Keys are made anew for every
//! server, lie in the lab's folder readable by their owner only, and are good for this one server.

use std::fs::{self, File, Permissions};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{AtPath as _, LabError, Result};
use crate::lab::Lab;
use crate::program::{self, Output};
use crate::wine::present;

pub(crate) const SERVER: &str = "/usr/sbin/sshd";
const FILE_SERVER: &str = "/usr/lib/openssh/sftp-server";
const KEY_LIMIT: Duration = Duration::from_secs(60);
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct SshServer {
    server: Child,
    folder: PathBuf,
    port: u16,
    user: String,
}

impl SshServer {
    /// Starts a server in front of `lab`.
    ///
    /// # Errors
    /// When the package openssh-server is missing, or the server does not come up.
    pub fn start(lab: &Lab) -> Result<Self> {
        let program = present(PathBuf::from(SERVER), "openssh-server")?;
        present(PathBuf::from(FILE_SERVER), "openssh-sftp-server")?;
        let folder = lab.folder().join("ssh");
        make_private_folder(&folder)?;
        let user = user_name(&folder)?;
        for key in ["host_key", "user_key"] {
            generate_key(&folder, key)?;
        }
        let public = folder.join("user_key.pub");
        write(&folder.join("authorized_keys"), &fs::read_to_string(&public).at("read", &public)?, 0o600)?;
        make_home(lab, &folder)?;
        let script = folder.join("login");
        write(&script, &login_script(lab, &folder), 0o700)?;
        let port = free_port()?;
        let configuration = configuration_of(lab.folder());
        write(&configuration, &server_configuration(&folder, port, &user, Account::of(&user)), 0o600)?;
        write_known_hosts(&folder, port)?;
        let server = spawn(&program, &configuration, &folder)?;
        let mut server = Self { server, folder, port, user };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    /// Whom to log in as, and where: `user@127.0.0.1`.
    #[must_use]
    pub fn destination(&self) -> String {
        format!("{}@{}", self.user, Ipv4Addr::LOCALHOST)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The private key to log in with.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.folder.join("user_key")
    }

    /// The file with the server's public key, in the form of `known_hosts`.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let begin = Instant::now();
        loop {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            let ended = self.server.try_wait().ok().flatten();
            if ended.is_some() || begin.elapsed() > START_LIMIT {
                let log = fs::read_to_string(self.folder.join("sshd.log")).unwrap_or_default();
                let status = ended.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                return Err(LabError::Failed {
                    line: SERVER.to_owned(),
                    status,
                    tail: program::tail_of(&log),
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        program::end(&mut self.server);
    }
}

/// The server's configuration, for the lab in `lab`.
pub(crate) fn configuration_of(lab: &Path) -> PathBuf {
    lab.join("ssh").join("sshd_config")
}

fn make_private_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).at("made", folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700)).at("made private", folder)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    fs::write(path, text).at("written", path)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).at("given its permissions", path)
}

/// Who runs this: the server admits nobody else. Users need not be listed in `/etc/passwd`, so the system is asked.
fn user_name(folder: &Path) -> Result<String> {
    let mut command = Command::new("id");
    command.arg("-un");
    let finished = program::run(command, &Output::pair(&folder.join("user")), KEY_LIMIT)?.success()?;
    Ok(finished.stdout.trim().to_owned())
}

/// What the server has to know about the user it admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Account {
    Ordinary,
    Root,
    /// Root, whose password is locked, as cloud images and hardened machines have it. A server that reads the shadow
    /// file itself admits no such user, with no key; PAM looks at keys apart from passwords.
    LockedRoot,
}

impl Account {
    fn of(user: &str) -> Self {
        if !is_root() {
            // Who is not root cannot read the shadow file, so neither can the server.
            return Self::Ordinary;
        }
        let shadow = fs::read_to_string("/etc/shadow").unwrap_or_default();
        if is_locked(&shadow, user) { Self::LockedRoot } else { Self::Root }
    }
}

/// Whether the shadow file's text locks the password of `user`.
fn is_locked(shadow: &str, user: &str) -> bool {
    let mut entries = shadow.lines().filter_map(|line| line.split_once(':'));
    entries.any(|(name, rest)| name == user && rest.starts_with('!'))
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

fn generate_key(folder: &Path, name: &str) -> Result<()> {
    let generator = present(PathBuf::from("/usr/bin/ssh-keygen"), "openssh-client")?;
    let mut command = Command::new(generator);
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "nmr-lab", "-f"]).arg(folder.join(name));
    program::run(command, &Output::pair(&folder.join(format!("{name}-generation"))), KEY_LIMIT)?.success()?;
    Ok(())
}

/// The folder in which file transfers begin. There `C:` leads to the lab's drive, as on Windows.
fn make_home(lab: &Lab, folder: &Path) -> Result<()> {
    let home = folder.join("home");
    fs::create_dir_all(&home).at("made", &home)?;
    let drive = home.join("C:");
    symlink(lab.drive(), &drive).at("linked", &drive)
}

/// What runs instead of whatever the client asked for. A request for the file server gets it; anything else is a
/// command line for the lab's `cmd.exe`. Its output goes through files: what it starts may keep the output open for
/// ever, and would keep the connection open with it.
fn login_script(lab: &Lab, folder: &Path) -> String {
    let environment: String = lab
        .machine()
        .environment()
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)))
        .collect();
    let wine = program::words_of(&lab.machine().wine_command())
        .iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ");
    format!(
        "#!/bin/sh\n\
         case \"$SSH_ORIGINAL_COMMAND\" in\n\
         *sftp*) cd {home} && exec {FILE_SERVER} ;;\n\
         '') echo 'this machine has no interactive shell' >&2; exit 1 ;;\n\
         esac\n\
         {environment}\
         cd {drive} || exit 1\n\
         out=$(mktemp {folder}/out.XXXXXX) && err=$(mktemp {folder}/err.XXXXXX) || exit 1\n\
         {wine} cmd /c \"$SSH_ORIGINAL_COMMAND\" </dev/null >\"$out\" 2>\"$err\"\n\
         status=$?\n\
         cat \"$out\"; cat \"$err\" >&2; rm -f \"$out\" \"$err\"\n\
         exit $status\n",
        home = quoted(&folder.join("home").display().to_string()),
        drive = quoted(&lab.drive().display().to_string()),
        folder = quoted(&folder.display().to_string()),
    )
}

/// `text` as one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn server_configuration(folder: &Path, port: u16, user: &str, account: Account) -> String {
    let folder = folder.display();
    let mut text = format!(
        "ListenAddress {address}\n\
         Port {port}\n\
         HostKey \"{folder}/host_key\"\n\
         AuthorizedKeysFile \"{folder}/authorized_keys\"\n\
         PidFile none\n\
         AuthenticationMethods publickey\n\
         PasswordAuthentication no\n\
         KbdInteractiveAuthentication no\n\
         AllowUsers {user}\n\
         AllowTcpForwarding no\n\
         AllowAgentForwarding no\n\
         X11Forwarding no\n\
         PermitTTY no\n\
         PrintMotd no\n\
         ForceCommand \"{folder}/login\"\n\
         Subsystem sftp internal-sftp\n\
         StrictModes no\n\
         LogLevel VERBOSE\n",
        address = Ipv4Addr::LOCALHOST,
    );
    text.push_str(match account {
        Account::Ordinary => "UsePAM no\n",
        Account::Root => "UsePAM no\nPermitRootLogin prohibit-password\n",
        Account::LockedRoot => "UsePAM yes\nPermitRootLogin prohibit-password\n",
    });
    text
}

/// A port nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let address = (Ipv4Addr::LOCALHOST, 0);
    let port =
        TcpListener::bind(address).and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.at("listened on", Path::new("127.0.0.1"))
}

fn write_known_hosts(folder: &Path, port: u16) -> Result<()> {
    let key = folder.join("host_key.pub");
    let key = fs::read_to_string(&key).at("read", &key)?;
    write(&folder.join("known_hosts"), &format!("[{}]:{port} {key}", Ipv4Addr::LOCALHOST), 0o600)
}

/// Starts the server in the foreground, so that it is a child of ours that ends with its handle. As root it wants a
/// folder to lock itself into.
fn spawn(program: &Path, configuration: &Path, folder: &Path) -> Result<Child> {
    if is_root() {
        let jail = Path::new("/run/sshd");
        fs::create_dir_all(jail).at("made", jail)?;
    }
    let log = folder.join("sshd.log");
    let output = File::create(&log).at("written", &log)?;
    let mut command = Command::new(program);
    command.args(["-D", "-e", "-f"]).arg(configuration);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
    command.spawn().at("started", program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on_and_only_keys_are_taken() {
        let text = server_configuration(Path::new("/lab/ssh"), 2222, "someone", Account::Ordinary);
        let listens: Vec<&str> = text.lines().filter(|line| line.starts_with("ListenAddress")).collect();
        assert_eq!(listens, ["ListenAddress 127.0.0.1"]);
        assert!(
            text.contains("AuthenticationMethods publickey\n")
                && text.contains("PasswordAuthentication no\n")
        );
        assert!(!text.contains("PermitRootLogin"));
    }

    #[test]
    fn a_locked_password_is_seen_and_left_to_pam() {
        let shadow = "daemon:!:1::::::\nroot:!*:1::::::\nsomeone:$y$j9T$x:1::::::\nstar:*:1::::::\n";
        let locked = ["root", "daemon", "someone", "star", "roo"].map(|user| is_locked(shadow, user));
        assert_eq!(locked, [true, true, false, false, false]);
        let text = |account| server_configuration(Path::new("/lab/ssh"), 2222, "root", account);
        assert!(text(Account::LockedRoot).contains("UsePAM yes\nPermitRootLogin prohibit-password\n"));
        assert!(
            text(Account::Root).contains("UsePAM no\n") && text(Account::Ordinary).contains("UsePAM no\n")
        );
    }

    #[test]
    fn the_system_says_who_runs_this() {
        let folder = tempfile::tempdir().unwrap();
        let name = user_name(folder.path()).unwrap();
        let listed = fs::read_to_string("/etc/passwd").unwrap();
        let uid = rustix::process::getuid().as_raw();
        assert!(
            listed
                .lines()
                .all(|line| !line.starts_with(&format!("{name}:")) || line.contains(&format!(":{uid}:")))
        );
        assert!(!name.is_empty() && !name.contains('\n'), "{name:?}");
    }

    #[test]
    fn a_word_for_a_shell_survives_it() {
        let word = "it's a $HOME \"word\"";
        let output =
            Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output().unwrap();
        assert_eq!(output.stdout, word.as_bytes());
    }

    #[test]
    fn a_free_port_is_free() {
        let port = free_port().unwrap();
        assert!(port > 1023 && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }
}
