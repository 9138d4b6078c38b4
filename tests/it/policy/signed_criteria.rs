//! O01 and O03: who vouches for the criteria. Each case is one difference from criteria that are signed, which approve.

use cm_bot::model::Timestamp;
use cm_bot::policy::criteria::{Criteria, NAMESPACE, PolicyTexts, SignatureTexts, Unsigned};
use cm_bot::policy::decision::{Decision, Kind};
use cm_bot::policy::evaluate;
use ed25519_dalek::Signer as _;
use sha2::{Digest, Sha256};
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::{Ed25519PublicKey, KeyData, SkEd25519};
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

use crate::support::facts::{NOW, OFFICER, allowed, passing, read, signature, signed, texts_with};

fn judged(texts: &PolicyTexts) -> Decision {
    evaluate(&passing(), &Criteria::read(texts).unwrap(), NOW)
}

/// Why nobody vouches for them, as the ticket's comment says it. Nothing is approved.
fn held(texts: &PolicyTexts) -> String {
    let decision = judged(texts);
    assert_eq!(decision.kind(), Kind::Hold);
    assert!(decision.auto_approval().is_none() && decision.signed().is_none() && !decision.is_recommended());
    let [problem] = decision.problems().try_into().unwrap_or_else(|_| panic!("one problem"));
    assert_eq!(problem.rule, "signed_criteria");
    let said = read(&problem.finding);
    let (first, last) = (
        "Nobody vouches for the criteria, so cm-bot approves nothing by itself.\n  ",
        "\n  Do this: an approver decides; the Security Officer signs the criteria (`cm-bot criteria verify` says what is missing).",
    );
    said.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)).unwrap_or_else(|| panic!("{said}")).to_owned()
}

fn texts() -> PolicyTexts {
    texts_with("", "")
}

fn with(change: impl FnOnce(&mut SignatureTexts)) -> PolicyTexts {
    let mut texts = texts();
    change(&mut texts.signatures);
    texts
}

fn other_key() -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::random(&mut rand_core::OsRng))
}

#[test]
fn signed_criteria_approve_and_say_who_signed() {
    let decision = judged(&texts());
    assert_eq!(decision.kind(), Kind::Approve);
    assert!(decision.auto_approval().is_some());
    let signed = decision.signed().unwrap();
    assert_eq!(signed.to_string(), "signed by Alex Silva on 2026-11-02");
    assert_eq!((signed.by(), signed.until()), ("Alex Silva", "2027-11-01"));
    let key = OFFICER.public_key().fingerprint(HashAlg::Sha256).to_string();
    assert_eq!(signed.keys(), [key.clone(), key]);
}

#[test]
fn o01_criteria_that_nobody_signed_approve_nothing() {
    let unsigned = PolicyTexts { signatures: SignatureTexts::default(), ..texts() };
    assert_eq!(held(&unsigned), "Nobody has signed the criteria and the people file.");
    let missing = |change: fn(&mut SignatureTexts)| held(&with(change));
    assert_eq!(missing(|all| all.of_criteria = None), "There is no signature of the criteria.");
    assert_eq!(missing(|all| all.of_people = None), "There is no signature of the people file.");
    assert_eq!(missing(|all| all.allowed_signers = None), "There is no file of allowed signers.");
    let sentence = "What should be the signature of the criteria is no SSH signature.";
    assert_eq!(missing(|all| all.of_criteria = Some(String::new())), sentence);
    assert_eq!(missing(|all| all.of_criteria = Some("-----BEGIN SSH SIGNATURE-----\n".into())), sentence);
}

#[test]
fn o01_criteria_changed_after_the_signature_approve_nothing() {
    let mut relaxed = texts();
    relaxed.criteria = relaxed.criteria.replace("blocking_severity = \"high\"", "blocking_severity = \"critical\"");
    assert_eq!(held(&relaxed), "The signature of the criteria does not fit: the file was changed after it was signed.");
    let mut promoted = texts();
    promoted.people = promoted.people.replace("roles = []", "roles = [\"security-lead\"]");
    assert_eq!(
        held(&promoted),
        "The signature of the people file does not fit: the file was changed after it was signed."
    );
    let mut commented = texts();
    commented.criteria.push('\n');
    assert_eq!(
        held(&commented),
        "The signature of the criteria does not fit: the file was changed after it was signed."
    );
    let swapped = with(|all| std::mem::swap(&mut all.of_criteria, &mut all.of_people));
    assert_eq!(held(&swapped), "The signature of the criteria does not fit: the file was changed after it was signed.");
}

#[test]
fn o01_a_signature_by_somebody_else_counts_for_nothing() {
    let (mallory, texts) = (other_key(), texts());
    let sign = |key: &PrivateKey| Some(signature(key, NAMESPACE, &texts.criteria));
    let fingerprint = mallory.public_key().fingerprint(HashAlg::Sha256);
    assert_eq!(
        held(&with(|all| all.of_criteria = sign(&mallory))),
        format!(
            "The signature of the criteria was made with the key {fingerprint}, which no allowed signer has for cm-bot-criteria."
        )
    );
    // Who may sign commits may not sign criteria.
    let both = allowed(&OFFICER, "") + &allowed(&mallory, "").replace(NAMESPACE, "git");
    assert!(
        held(&with(|all| (all.of_criteria, all.allowed_signers) = (sign(&mallory), Some(both)))).contains("which no")
    );
    // The twin: a second officer's key.
    let both = allowed(&OFFICER, "") + &allowed(&mallory, "");
    let decision = judged(&with(|all| (all.of_criteria, all.allowed_signers) = (sign(&mallory), Some(both))));
    assert_eq!(decision.kind(), Kind::Approve);
    assert_ne!(decision.signed().unwrap().keys()[0], decision.signed().unwrap().keys()[1]);
}

#[test]
fn o01_a_signature_of_something_else_counts_for_nothing() {
    let texts = texts();
    let of = |namespace| Some(signature(&OFFICER, namespace, &texts.criteria));
    let sentence =
        "The signature of the criteria was made for something else; its namespace has to be cm-bot-criteria.";
    assert_eq!(held(&with(|all| all.of_criteria = of("file"))), sentence);
    assert_eq!(held(&with(|all| all.of_criteria = of("git"))), sentence);
    assert_eq!(judged(&with(|all| all.of_criteria = of(NAMESPACE))).kind(), Kind::Approve);
}

#[test]
fn o01_a_signer_is_a_person_with_the_role() {
    let people = |old: &str, new: &str| {
        let texts = texts();
        assert!(texts.people.contains(old));
        signed(texts.criteria, texts.people.replacen(old, new, 1))
    };
    let sentence = "Alex Silva signed the criteria and does not have the role security-officer.";
    assert_eq!(held(&people("\"security-officer\"", "\"engineer\"")), sentence);
    let sentence =
        "The signature of the criteria is by a principal that nobody in the people file signs as (signs_as).";
    assert_eq!(held(&people("signs_as = \"security-officer@", "signs_as = \"somebody-else@")), sentence);
    let line = "signs_as = \"security-officer@acme.example\"\n";
    let twice = people("roles = []\n", &format!("roles = [\"security-officer\"]\n{line}"));
    assert_eq!(held(&twice), sentence);
    let nobody = texts_with("[signature]\n", "[signature]\nwho = 1\n");
    assert!(Criteria::read(&nobody).unwrap_err().to_string().contains("unknown field `who`"));
}

#[test]
fn o03_a_signature_ends() {
    let criteria = Criteria::read(&texts()).unwrap();
    let at = |time: &str| Timestamp::parse(time).unwrap();
    let standing = |time: &str| criteria.standing_at(at(time)).map(|signed| signed.to_string());
    assert!(standing("2027-11-01T23:59:59Z").is_ok());
    let why = standing("2027-11-02T00:00:00Z").unwrap_err().to_string();
    assert_eq!(why, "the signature of the criteria counted until 2027-11-01, and that day is over");
    assert_eq!(criteria.vouched_until(), Some(at("2027-11-02T00:00:00Z")));
    let mut facts = passing();
    let late = at("2027-11-02T00:00:00Z");
    facts.gathered_at = late;
    assert_eq!(evaluate(&facts, &criteria, late).kind(), Kind::Hold);
    // It ends between the look and the decision: the finding says yes, and there is no approval all the same.
    let decision = evaluate(&passing(), &criteria, late);
    assert!(decision.auto_approval().is_none() && decision.kind() == Kind::Hold);
}

#[test]
fn o03_a_key_ends_before_the_criteria_do() {
    let keys =
        |options: &str| Criteria::read(&with(|all| all.allowed_signers = Some(allowed(&OFFICER, options)))).unwrap();
    let at = |time: &str| Timestamp::parse(time).unwrap();
    let criteria = keys(",valid-after=\"20261101Z\",valid-before=\"202611020930Z\"");
    assert!(criteria.standing_at(at("2026-11-02T09:29:59Z")).is_ok());
    assert!(criteria.standing_at(at("2026-11-01T00:00:00Z")).is_ok(), "from that moment on");
    assert_eq!(criteria.vouched_until(), Some(at("2026-11-02T09:30:00Z")));
    let why = |time: &str| criteria.standing_at(at(time)).unwrap_err().to_string();
    assert_eq!(why("2026-11-02T09:30:00Z"), "the key of Alex Silva counted as a signer's until 2026-11-02T09:30:00Z");
    assert_eq!(why("2026-10-31T23:59:59Z"), "the key of Alex Silva counts as a signer's from 2026-11-01T00:00:00Z on");
    for odd in ["20271101", "202711011Z", "2027110112Z", "2027110xZ"] {
        let standing = keys(&format!(",valid-before=\"{odd}\"")).standing_at(NOW);
        assert!(matches!(standing, Err(Unsigned::BadSigners { line: 1, .. })), "{odd}");
    }
}

#[test]
fn a_trial_needs_no_signature_and_approves_nothing() {
    for (mode, recommends) in [("recommend", true), ("off", false)] {
        let unsigned = PolicyTexts {
            signatures: SignatureTexts::default(),
            ..texts_with("mode = \"approve\"", &format!("mode = \"{mode}\""))
        };
        let decision = judged(&unsigned);
        assert_eq!((decision.kind(), decision.is_recommended()), (Kind::Hold, recommends), "{mode}");
        assert!(decision.auto_approval().is_none() && decision.problems().is_empty());
        let finding = &decision.findings()[0].finding;
        assert_eq!(finding.seen, "not signed; cm-bot approves nothing in this mode");
    }
}

#[test]
fn criteria_without_a_block_about_signatures_count_as_not_signed() {
    let shipped = texts();
    let start = shipped.criteria.find("[signature]").unwrap();
    let end = start + shipped.criteria[start..].find("[required_fields]").unwrap();
    let without = shipped.criteria[..start].to_owned() + &shipped.criteria[end..];
    let sentence = "The criteria do not say who may sign them and until when (the block [signature]).";
    assert_eq!(held(&signed(without, shipped.people)), sentence);
}

#[test]
fn a_digest_is_of_everything_that_a_decision_rests_on() {
    let digest = |texts: &PolicyTexts| Criteria::read(texts).unwrap().digest;
    let all = [
        digest(&texts()),
        digest(&PolicyTexts { signatures: SignatureTexts::default(), ..texts() }),
        digest(&with(|all| all.allowed_signers = Some(allowed(&OFFICER, ",valid-before=\"20301101Z\"")))),
        digest(&with(|all| all.of_people = None)),
        digest(&with(|all| all.of_criteria = all.of_people.clone())),
    ];
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(digest(&texts()), digest(&texts()));
}

/// A signature by a security key (OpenSSH's PROTOCOL.u2f): what it signs holds what it saw of its user.
fn by_security_key(key: &ed25519_dalek::SigningKey, flags: u8, text: &str) -> (String, String) {
    let public = SkEd25519::new(Ed25519PublicKey(key.verifying_key().to_bytes()), "ssh:");
    let message = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, text.as_bytes()).unwrap();
    let seen = [flags, 0, 0, 0, 7];
    let signed = [&Sha256::digest("ssh:")[..], &seen, &Sha256::digest(message)].concat();
    let bytes = [&key.sign(&signed).to_bytes()[..], &seen].concat();
    let signature = Signature::new(Algorithm::SkEd25519, bytes).unwrap();
    let public = KeyData::SkEd25519(public);
    let file = SshSig::new(public.clone(), NAMESPACE, HashAlg::Sha512, signature).unwrap();
    (file.to_pem(LineEnding::LF).unwrap(), PublicKey::from(public).to_openssh().unwrap())
}

#[test]
fn a_security_key_counts_when_somebody_touched_it() {
    let key = ed25519_dalek::SigningKey::generate(&mut rand_core::OsRng);
    let texts = texts();
    let with_flags = |flags: u8| {
        let (file, public) = by_security_key(&key, flags, &texts.criteria);
        let line = format!("security-officer@acme.example namespaces=\"{NAMESPACE}\" {public}\n");
        with(|all| (all.of_criteria, all.allowed_signers) = (Some(file), Some(allowed(&OFFICER, "") + &line)))
    };
    assert_eq!(judged(&with_flags(0x01)).kind(), Kind::Approve);
    assert_eq!(judged(&with_flags(0x05)).kind(), Kind::Approve);
    let sentence = "The signature of the criteria was made with a security key that nobody touched.";
    assert_eq!(held(&with_flags(0x00)), sentence);
    assert_eq!(held(&with_flags(0x04)), sentence);
}
