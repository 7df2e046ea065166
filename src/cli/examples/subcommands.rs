//! Examples of commands below a command.

/// `urbania keys show`.
pub const KEYS_SHOW: &str = "\
Examples:
  urbania keys show                     fingerprints, and what each pair is for
  urbania keys show --reveal            with the secrets";

/// `urbania keys rotate`.
pub const KEYS_ROTATE: &str = "\
Examples:
  urbania keys rotate --dry-run         say what would be done
  urbania keys rotate                   move to the pair in reserve, after asking
  urbania keys rotate --status          how far it is
  urbania keys rotate --now             the old pair is known: interrupts calls";

/// `urbania keys sync`.
pub const KEYS_SYNC: &str = "\
Examples:
  urbania keys sync --dry-run           what would change in the env files
  urbania keys sync                     write it";

/// `urbania token create`.
pub const TOKEN_CREATE: &str = "\
Examples:
  urbania token create --room daily --identity ada
  urbania token create --room daily --identity ada --ttl 10m --no-publish
  urbania token create --room daily --identity ada --source microphone
  urbania token create --room daily --identity ada --admin --attribute team=blue";

/// `urbania token inspect`.
pub const TOKEN_INSPECT: &str = "\
Examples:
  urbania token inspect -               the token on stdin, so that no history keeps it
  urbania token inspect - -o json       for scripts";

/// `urbania room get`.
pub const ROOM_GET: &str = "\
Examples:
  urbania room get daily
  urbania room get daily -o json";

/// `urbania room create`.
pub const ROOM_CREATE: &str = "\
Examples:
  urbania room create daily
  urbania room create daily --max-participants 8 --empty-timeout 600";

/// `urbania room delete`.
pub const ROOM_DELETE: &str = "\
Examples:
  urbania room delete daily             asks when somebody is in it
  urbania room delete daily --yes";

/// `urbania room participants`.
pub const ROOM_PARTICIPANTS: &str = "\
Examples:
  urbania room participants daily       who is there, and what they publish";

/// `urbania room remove`.
pub const ROOM_REMOVE: &str = "\
Examples:
  urbania room remove daily ada";

/// `urbania room mute`.
pub const ROOM_MUTE: &str = "\
Examples:
  urbania room mute daily ada           all that ada publishes
  urbania room mute daily ada --track microphone
  urbania room mute daily ada --track camera --off";

/// `urbania room metadata`.
pub const ROOM_METADATA: &str = "\
Examples:
  urbania room metadata daily plans     what all in the room can read";

/// `urbania room update`.
pub const ROOM_UPDATE: &str = "\
Examples:
  urbania room update daily ada --publish off
  urbania room update daily ada --name Ada";

/// `urbania room send`.
pub const ROOM_SEND: &str = "\
Examples:
  urbania room send daily hello         to all in the room
  urbania room send daily - --topic chat --to ada";

/// `urbania room watch`.
pub const ROOM_WATCH: &str = "\
Examples:
  urbania room watch                    every room
  urbania room watch daily -o json      one room; one object a line";

/// `urbania user add`.
pub const USER_ADD: &str = "\
Examples:
  urbania user add ada                  asks for a password
  urbania user add ada --role host --role editor
  urbania user add ada --password-stdin";

/// `urbania user passwd`.
pub const USER_PASSWD: &str = "\
Examples:
  urbania user passwd ada               asks for the new one
  urbania user passwd ada --password-stdin";

/// `urbania user rm`.
pub const USER_RM: &str = "\
Examples:
  urbania user rm ada                   sessions end with the user, after asking
  urbania user rm ada --yes             the same without asking";

/// `urbania config show`.
pub const CONFIG_SHOW: &str = "\
Examples:
  urbania config show                   what the SFU is started with, and why
  urbania config show --network published
  urbania config show --reveal          with the secrets";

/// `urbania config validate`.
pub const CONFIG_VALIDATE: &str = "\
Examples:
  urbania config validate               as the LiveKit of the image reads livekit.yaml
  urbania config validate --livekit-version 1.9";

/// `urbania config schema`.
pub const CONFIG_SCHEMA: &str = "\
Examples:
  urbania config schema                 of urbania.yaml, for an editor
  urbania config schema livekit
  urbania config schema seed";
