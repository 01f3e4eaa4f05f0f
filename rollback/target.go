package rollback

import "fmt"

// Standing is what is known of a version that was live before. Its zero
// value says that nothing is known.
type Standing string

// How a version stands, by the watches of the change that brought it.
const (
	Unproven  Standing = "unproven"  // live before; not long enough, or not watched, to be called good
	Good      Standing = "good"      // its watch ended healthy, or it was superseded after 10 minutes or more without suspicion
	Suspected Standing = "suspected" // it was under suspicion when it was replaced
	Bad       Standing = "bad"       // judged bad itself, or rolled back
)

// Live is a version that was live in the slot, and how it stands.
type Live struct {
	Version  string   `json:"version"`
	Standing Standing `json:"standing"`
}

// Reach is how far back a hook may go for its target: `target:` in its
// configuration. Its zero value is Previous.
type Reach string

// Previous is the version live before the change and no other; LastGood skips
// back to the newest one that is good.
const (
	Previous Reach = ""
	LastGood Reach = "last_good"
)

// Target picks the version to go back to out of those live before the change,
// newest first. It gives either a version or the refusal.
//
// Previous takes an unproven version: it is what ran until the change came,
// and nothing speaks against it. To demand proof would refuse every second
// deploy of a busy day. LastGood, which leaves the beaten track, does demand it.
//
// See adr/0035.
func Target(reach Reach, before []Live) (Live, []Refusal) {
	if len(before) == 0 || before[0].Version == "" {
		return Live{}, []Refusal{{GuardTarget, "no version is known to have been live before: tell the tool to send `previous`, or deploy once more"}}
	}
	if reach != LastGood {
		return before[0], standing(before[0])
	}
	for _, live := range before {
		if live.Standing == Good && live.Version != "" {
			return live, nil
		}
	}
	return Live{}, []Refusal{{GuardTarget, "none of the versions live before is known to be good"}}
}

// standing refuses what is known to be bad, and what nobody knows.
func standing(l Live) []Refusal {
	switch l.Standing {
	case Good, Unproven:
		return nil
	case Suspected:
		return []Refusal{{GuardTarget, fmt.Sprintf("version %q was itself under suspicion when it was replaced", l.Version)}}
	case Bad:
		return []Refusal{{GuardTarget, fmt.Sprintf("version %q was itself judged bad or rolled back; `target: last_good` lets a hook go further back", l.Version)}}
	}
	return []Refusal{{GuardTarget, fmt.Sprintf("nothing is known of version %q", l.Version)}}
}
