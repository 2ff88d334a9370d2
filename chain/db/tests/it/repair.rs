//! Random bytes in any page of the file under a repair: what is left is a beginning of the chain that was
//! there, block by block and state by state, or the repair is refused, and refused again. Never does
//! it end the process, never is something else there than was. And random bytes in the pages that name
//! commits: an opening shows all of the chain or is refused.

use crate::{
    chain::{Home, changes_of, grown, next_block, on_disk, small},
    seeded::rng,
};
use rand::{Rng, seq::SliceRandom};
use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;
use utnet_db::{DbError, StateChanges, Store, View, maintain};

/// Names the folder to the child.
const FOLDER: &str = "UTNET_DB_REPAIRED_FOLDER";

/// Asks the child for an opening, and tells it what the head was; without it, it repairs.
const EXPECTED: &str = "UTNET_DB_EXPECTED";

/// Begins what the child says.
const SAYS: &str = "says: ";

const HEAD: u64 = 30;
const PAGE: usize = 4_096;
/// Pages that name commits. Without one of them the file shows an older commit, or none.
const METAS: usize = 3;
/// Pages of which each is damaged once.
const DAMAGED: usize = 40;
/// Bytes of a page that names a commit which say something.
const META: usize = 256;

/// The same chain, sound.
fn original() -> View {
    grown(Home { store: Store::in_memory(), folder: None }, HEAD).store.view().unwrap()
}

/// Refuses a block with anything that is not the original's, as a chain does by what its headers commit to.
fn is_original(original: &View, view: &View, number: u64) -> Result<(), DbError> {
    let is_same = view.block(number)? == original.block(number)?
        && view.receipts(number)? == original.receipts(number)?
        && view.sidecar(number)? == original.sidecar(number)?;
    if is_same { Ok(()) } else { Err(DbError::Commitment { number, part: "body" }) }
}

/// Shows that a store holds the beginning of the original, and says how much of it.
fn check_all(folder: &Path, original: &View) -> Result<u64, DbError> {
    let view = Store::open(folder, small())?.view()?;
    view.verify()?;
    let head = view.head_number()?;
    for number in 0..=head {
        is_original(original, &view, number)?;
        let computed = view.at(number)?.state_root(&StateChanges::default())?;
        let declared = view.header(number)?.unwrap().state_root;
        if computed != declared {
            return Err(DbError::StateRoot { number, computed, declared });
        }
    }
    Ok(head)
}

/// What a repair of a folder came to, in words that the parent knows.
fn repaired(folder: &Path) -> String {
    let original = original();
    let also = |view: &View, number: u64| is_original(&original, view, number);
    let done = match maintain::repair(folder, &also) {
        Ok(done) => done,
        Err(refused) => return format!("refused: {refused}"),
    };
    match (check_all(folder, &original), done.faults.is_empty()) {
        (Ok(head), true) if head == HEAD => "sound".to_owned(),
        (Ok(head), false) if head == done.head => "mended".to_owned(),
        (found, _) => format!("wrong: {done:?}, {found:?}"),
    }
}

/// What a folder shows that is opened, in words that the parent knows.
fn opened(folder: &Path, expected: u64) -> String {
    match check_all(folder, &original()) {
        Ok(head) if head == expected => "sound".to_owned(),
        Ok(head) => format!("wrong: the head is {head}"),
        Err(refused) => format!("refused: {refused}"),
    }
}

/// Does with a store what the parent asks for; does nothing when run by itself.
#[test]
fn child_that_meets_a_damaged_database() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = Path::new(&folder);
        let said = match std::env::var_os(EXPECTED) {
            Some(head) => opened(folder, head.to_string_lossy().parse().unwrap()),
            None => repaired(folder),
        };
        writeln!(std::io::stdout(), "\n{SAYS}{said}").unwrap();
    }
}

/// What a child says that repairs a folder.
fn repair_apart(folder: &Path) -> String {
    apart(folder, None)
}

/// What a child says that opens a folder, whose head was this.
fn open_apart(folder: &Path, head: u64) -> String {
    apart(folder, Some(head))
}

fn apart(folder: &Path, expected: Option<u64>) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "repair::child_that_meets_a_damaged_database", "--nocapture"])
        .env(FOLDER, folder)
        .envs(expected.map(|head| (EXPECTED, head.to_string())))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "it ended with {}", output.status);
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix(SAYS)).unwrap().to_owned()
}

/// A folder with a file and no journal.
fn lay_down(file: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mdbx.dat"), file).unwrap();
    folder
}

/// A folder with a file and a copy of a journal.
fn lay_down_with(file: &[u8], journal: &Path) -> TempDir {
    let folder = lay_down(file);
    let copy = folder.path().join("journal");
    fs::create_dir(&copy).unwrap();
    for part in fs::read_dir(journal).unwrap().map(Result::unwrap) {
        fs::copy(part.path(), copy.join(part.file_name())).unwrap();
    }
    folder
}

#[test]
fn a_damaged_page_is_mended_or_refused_and_never_believed() {
    let Home { store, folder } = grown(on_disk(), HEAD);
    drop(store);
    let whole = fs::read(folder.unwrap().path().join("mdbx.dat")).unwrap();
    let pages = whole.chunks(PAGE).enumerate().skip(METAS);
    let mut used: Vec<_> =
        pages.filter(|(_, page)| page.iter().any(|byte| *byte != 0)).map(|(at, _)| at).collect();
    let mut rng = rng(23);
    used.shuffle(&mut rng);
    let (mut mended, mut refused) = (0, 0);
    for page in used.into_iter().take(DAMAGED) {
        let mut damaged = whole.clone();
        for _ in 0..rng.random_range(1..40) {
            damaged[page * PAGE + rng.random_range(0..PAGE)] = rng.random();
        }
        let folder = lay_down(&damaged);

        let said = repair_apart(folder.path());

        match said.as_str() {
            "sound" => {}
            "mended" => mended += 1,
            _ => {
                let why = said.strip_prefix("refused: ");
                assert!(why.is_some_and(|why| !why.is_empty()), "page {page}: {said}");
                let again = repair_apart(folder.path());
                assert!(again.starts_with("refused: "), "page {page}: {said}, then {again}");
                refused += 1;
            }
        }
    }
    assert!(mended >= 5 && refused >= 5, "{mended} of {DAMAGED} mended, {refused} refused");
}

/// A store that was stopped has everything in its file; the journal says so.
#[test]
fn a_damaged_page_that_names_commits_hides_none_of_them() {
    let home = grown(on_disk(), HEAD / 2);
    home.store.carry().unwrap();
    for number in HEAD / 2 + 1..=HEAD {
        let transactions = usize::try_from(number % 4).unwrap();
        home.store.append_block(next_block(&home.store, changes_of(number), transactions)).unwrap();
    }
    home.store.carry().unwrap();
    damage_metas(home, HEAD);
}

/// A genesis is written to the file itself.
#[test]
fn a_damaged_page_that_names_commits_does_not_hide_a_genesis() {
    damage_metas(grown(on_disk(), 0), 0);
}

fn damage_metas(home: Home, head: u64) {
    let Home { store, folder } = home;
    drop(store);
    let folder = folder.unwrap();
    let whole = fs::read(folder.path().join("mdbx.dat")).unwrap();
    let mut rng = rng(29);
    let mut refused = 0;
    for round in 0..DAMAGED {
        let page = round % METAS;
        let mut damaged = whole.clone();
        for _ in 0..rng.random_range(1..40) {
            damaged[page * PAGE + rng.random_range(0..META)] = rng.random();
        }
        let damaged = lay_down_with(&damaged, &folder.path().join("journal"));

        let said = open_apart(damaged.path(), head);

        let is_refused = said.starts_with("refused: ");
        assert!(said == "sound" || is_refused, "page {page}, round {round}: {said}");
        let again = open_apart(damaged.path(), head);
        assert_eq!(again, said, "page {page}, round {round}");
        refused += usize::from(is_refused);
    }
    assert!(refused >= 5, "{refused} of {DAMAGED} refused");
}
