package rollback

import (
	"fmt"
	"time"
)

// checkRestored refuses what may have happened already, or may rest on what is not known, after
// the database was restored from a backup: nobody knows which rollbacks were sent between the
// backup and the restore, and which versions were deployed.
//
// See adr/0110.
func checkRestored(_ Order, s Situation) string {
	if s.RestoredAt.IsZero() || s.Approved {
		return ""
	}
	began := s.BeganAt
	if began.IsZero() {
		began = s.Change.StartedAt
	}
	restored := "the database was restored from a backup at " + s.RestoredAt.UTC().Format(time.DateTime+" MST")
	switch {
	case !began.After(s.RestoredAt):
		return restored + ", after this change began: it may have been rolled back already; a person who has looked may approve"
	case s.TargetUncertain:
		return fmt.Sprintf("%s, and what was deployed before that since the backup is not known: %s may not be what was live; a person who knows may approve", restored, s.Target.Version)
	case began.Before(s.RestoredAt.Add(s.Limits.Cooldown)):
		return fmt.Sprintf("%s, and whether this service was rolled back automatically within %s is not known; a person may approve", restored, s.Limits.Cooldown)
	}
	return ""
}
