package rollback

import "fmt"

// Standing is what is known of a version that was live before the change. The
// zero value means that nothing is known.
type Standing string

// The standings of a version, by the watches of the change that brought it.
const (
	Unproven  Standing = "unproven"  // it was live, but not watched, or not for long enough to be good
	Good      Standing = "good"      // its watch ended healthy, or it was replaced after 10 minutes or more without suspicion
	Suspected Standing = "suspected" // its watch was suspicious when it was replaced
	Bad       Standing = "bad"       // it was judged bad or rolled back
)

// LiveVersion is a version that was live in the slot before the change.
type LiveVersion struct {
	Version  string   `json:"version"`
	Standing Standing `json:"standing"`
}

// TargetReach is how far back a hook may go for its target: the key `target` of
// a hook in pushback.yml. Its zero value is Previous.
type TargetReach string

// Previous is the version that was live right before the change. LastGood is the
// newest earlier version that is good.
const (
	Previous TargetReach = ""
	LastGood TargetReach = "last_good"
)

// Target chooses the version to go back to. before are the versions that were
// live before the change, newest first. It returns a version or a refusal.
//
// Previous accepts an unproven version: it ran until the change came, and nothing
// is known against it. Requiring a good version would refuse many rollbacks on a
// day with frequent deploys. LastGood goes further back than what just ran, and
// therefore requires a good version.
//
// See adr/0035.
func Target(reach TargetReach, before []LiveVersion) (LiveVersion, []Refusal) {
	if len(before) == 0 || before[0].Version == "" {
		return LiveVersion{}, []Refusal{{GuardTarget, unknownTarget}}
	}
	if reach != LastGood {
		return before[0], checkStanding(before[0])
	}
	for _, live := range before {
		if live.Standing == Good && live.Version != "" {
			return live, nil
		}
	}
	return LiveVersion{}, []Refusal{{GuardTarget, "none of the earlier versions is known to be good"}}
}

const unknownTarget = "it is not known which version was live before: let the deploy tool send `previous`, or deploy once more"

// FixedTarget returns the version that a hook restores whatever was live before, with
// its standing where it was live once. A flag that is off does what the code did before
// there was the flag, so nothing need be known of an earlier version.
func FixedTarget(version string, before []LiveVersion) LiveVersion {
	for _, live := range before {
		if live.Version == version {
			return live
		}
	}
	return LiveVersion{Version: version, Standing: Unproven}
}

// checkStanding refuses a version that is bad or suspected, and one of which nothing
// is known.
func checkStanding(l LiveVersion) []Refusal {
	if l.Version == "" {
		return []Refusal{{GuardTarget, unknownTarget}}
	}
	switch l.Standing {
	case Good, Unproven:
		return nil
	case Suspected:
		return []Refusal{{GuardTarget, fmt.Sprintf("version %q was suspected of being bad when it was replaced", l.Version)}}
	case Bad:
		return []Refusal{{GuardTarget, fmt.Sprintf("version %q was judged bad or rolled back; with `target: last_good` the hook can go further back", l.Version)}}
	}
	return []Refusal{{GuardTarget, fmt.Sprintf("nothing is known of version %q", l.Version)}}
}
