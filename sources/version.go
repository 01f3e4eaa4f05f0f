package sources

import (
	"regexp"
	"strings"
)

// shortHash is the beginning of a commit's hash, at least as long as git writes it.
var shortHash = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// SameVersion reports whether two names may be of one version: they are equal but for a v in front
// of a number, or one is the beginning of the other and both are hashes of commits.
func SameVersion(a, b string) bool {
	a, b = withoutV(a), withoutV(b)
	if a == "" || b == "" {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || shortHash.MatchString(a) && shortHash.MatchString(b) && strings.HasPrefix(b, a)
}

// withoutV takes the v from v1.2.
func withoutV(version string) string {
	if rest, is := strings.CutPrefix(version, "v"); is && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return version
}
