package naming

import "strings"

// minCommitLength is the length of the shortest commit hash that is compared as a
// prefix: the length that git prints by default.
const minCommitLength = 7

// SameVersion reports whether two names mean the same version: they are equal, or
// both are commit hashes and one is a prefix of the other. A leading v counts,
// because v1 and 1 may be different images.
func SameVersion(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= minCommitLength && isCommit(a) && isCommit(b) && strings.HasPrefix(b, a)
}

// isCommit reports whether s can be a commit hash, whole or shortened.
func isCommit(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// ImageHasVersion reports whether version is the tag, the digest or the whole name of
// an image.
func ImageHasVersion(image, version string) bool {
	name, digest, _ := strings.Cut(image, "@")
	_, tag, tagged := cutLast(name, ":")
	tagged = tagged && !strings.Contains(tag, "/") // otherwise the colon precedes a port
	return image == version || digest != "" && digest == version || tagged && SameVersion(tag, version)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
