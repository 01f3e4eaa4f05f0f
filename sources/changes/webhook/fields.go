package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Required are fields that a delivery must have, by the tool's names for them.
type Required [][2]string

// Check refuses a delivery that lacks one of them.
func (r Required) Check() error {
	for _, field := range r {
		if strings.TrimSpace(field[1]) == "" {
			return changes.Bad("%s is missing", field[0])
		}
	}
	return nil
}

// maxID leaves room for the status and the ":rollout" that are appended to identifiers.
const maxID = sources.MaxName - 50

// ID joins the parts of an identifier with colons. One that would be too long for an event
// ends in the SHA-256 of its parts instead.
func ID(parts ...string) string {
	id := strings.Join(parts, ":")
	if len(id) <= maxID {
		return id
	}
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// lastMillisecond is the end of the year 9999, after which a time cannot be written in RFC 3339.
const lastMillisecond = 253_402_300_799_999

// Milliseconds reads a time that a tool gives in milliseconds since 1970, as a number or as a text.
func Milliseconds(field string, value json.RawMessage) (time.Time, error) {
	text := strings.Trim(string(value), `"`)
	if text == "" || text == "null" {
		return time.Time{}, changes.Bad("%s is missing", field)
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 || ms > lastMillisecond {
		return time.Time{}, changes.Bad("%s is no time in milliseconds since 1970", field)
	}
	return time.UnixMilli(ms).UTC(), nil
}

// Labels removes the labels that have no value, and those whose value is too long to be one: what is left
// out must not cost the event.
func Labels(all map[string]string) map[string]string {
	for name, value := range all {
		if value == "" || len(value) > sources.MaxText {
			delete(all, name)
		}
	}
	return all
}

// Link is the URL, and "" if it is no web address: some tools send a path, or a name without a scheme.
func Link(url string) string {
	if strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		return url
	}
	return ""
}

// ImageVersion is what an image is known by in the metrics of its service: its tag, else its digest; ""
// if it has neither.
func ImageVersion(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	last := name[strings.LastIndex(name, "/")+1:] // a colon before it is a port's
	if _, tag, tagged := strings.Cut(last, ":"); tagged && tag != "" {
		return tag
	}
	return digest
}

// ImageName is an image without its tag and digest.
func ImageName(image string) string {
	name, _, _ := strings.Cut(image, "@")
	slash := strings.LastIndex(name, "/") + 1
	last, _, _ := strings.Cut(name[slash:], ":")
	return name[:slash] + last
}

// Globs choose things of a tool by their names, such as its pipelines. A star also stands for
// slashes.
type Globs []string

// Check refuses a malformed glob.
func (g Globs) Check(key string) error {
	for _, glob := range g {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("%s: %q is not a glob", key, glob)
		}
	}
	return nil
}

// Match reports whether one of the globs matches.
func (g Globs) Match(name string) bool {
	return slices.ContainsFunc(g, func(glob string) bool { return sources.MatchesName(glob, name) })
}

// Require is Check for a list that must not be empty: without it, builds and tests would be watched as
// deploys.
//
// See adr/0117.
func (g Globs) Require(key, example string) error {
	if len(g) == 0 {
		return fmt.Errorf("%s is missing: name those that deploy, as in %s: %s, so that builds and tests are not watched as deploys", key, key, example)
	}
	return g.Check(key)
}
