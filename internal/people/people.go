// Package people knows who is who: under which names tools and chats know somebody, and what they may do. It is
// the section people of pushback.yml.
package people

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Role is what somebody may do. Each may do all that the ones before may.
type Role string

// Viewers read. Responders approve and reject rollbacks, and set and end holds. Operators also do what concerns
// everybody.
const (
	Viewer    Role = "viewer"
	Responder Role = "responder"
	Operator  Role = "operator"
)

// roles are all roles, the lowest first.
var roles = []Role{Viewer, Responder, Operator}

// Known reports whether the role is one of the constants.
func (r Role) Known() bool { return slices.Contains(roles, r) }

// Includes reports whether somebody of this role may do what another role may.
func (r Role) Includes(other Role) bool {
	return r.Known() && slices.Index(roles, r) >= slices.Index(roles, other)
}

// Person is one entry of the section. The keys below the first two say what tools and chats know them by.
type Person struct {
	Name  string   `yaml:"-"`     // the key of the entry
	Role  Role     `yaml:"role"`  // "": viewer
	Teams []string `yaml:"teams"` // whose services they may do something about; empty: those of all

	Slack      string `yaml:"slack"`      // the member id, U012…
	IRC        string `yaml:"irc"`        // the account at the network's services, never a nick
	Email      string `yaml:"email"`      // the address, also that of commits
	GitHub     string `yaml:"github"`     // the login
	GitLab     string `yaml:"gitlab"`     // the user name
	Discord    string `yaml:"discord"`    // the user id
	Telegram   string `yaml:"telegram"`   // the user name
	Matrix     string `yaml:"matrix"`     // @ada:example.org
	Mattermost string `yaml:"mattermost"` // the user name
	MSTeams    string `yaml:"msteams"`    // the user principal name
}

// Handles returns what a person is known by, by kind of receiver or tool. What is not known is left out.
func (p Person) Handles() map[string]string {
	all := map[string]string{
		"slack": p.Slack, "irc": p.IRC, "email": p.Email, "github": p.GitHub, "gitlab": p.GitLab, "discord": p.Discord,
		"telegram": p.Telegram, "matrix": p.Matrix, "mattermost": p.Mattermost, "msteams": p.MSTeams,
	}
	maps.DeleteFunc(all, func(_, handle string) bool { return handle == "" })
	return all
}

// Answers reports whether the person may do something about a service of a team.
func (p Person) Answers(team string) bool {
	return len(p.Teams) == 0 || team != "" && slices.Contains(p.Teams, team)
}

// List is everybody who is known.
type List []Person

// New returns the list of a section, by name, or every mistake in it, each with the path below the section.
func New(section map[string]Person) (list List, mistakes []Mistake) {
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(section)) {
		p := section[name]
		p.Name = name
		if p.Role == "" {
			p.Role = Viewer
		}
		if !p.Role.Known() {
			mistakes = append(mistakes, Mistake{name + ".role", "there is no such role", "write viewer, responder or operator"})
		}
		mistakes = append(mistakes, p.clashes(owner)...)
		list = append(list, p)
	}
	return list, mistakes
}

// Mistake is what is wrong at a place of the section.
type Mistake struct{ Path, Message, Hint string }

// clashes are the handles that somebody else has too, of whom a command could come as well.
func (p Person) clashes(owner map[string]string) (mistakes []Mistake) {
	handles := p.Handles()
	for _, kind := range slices.Sorted(maps.Keys(handles)) {
		id := kind + " " + canonical(kind, handles[kind])
		if other, taken := owner[id]; taken {
			mistakes = append(mistakes, Mistake{p.Name + "." + kind, fmt.Sprintf("%s has this one as well", other), "one of the two is somebody else"})
		}
		owner[id] = p.Name
	}
	return mistakes
}

// Of returns the person whom a kind of receiver or tool knows by a handle.
func (l List) Of(kind, handle string) (Person, bool) {
	if handle == "" {
		return Person{}, false
	}
	for _, p := range l {
		if known := p.Handles()[kind]; known != "" && canonical(kind, known) == canonical(kind, handle) {
			return p, true
		}
	}
	return Person{}, false
}

// Called returns the person whom a deploy tool or a commit calls so: by name, by login, by address, or as git
// writes authors, "Ada <ada@example.org>".
func (l List) Called(name string) (Person, bool) {
	for _, spelling := range spellings(name) {
		for _, p := range l {
			if lower(p.Name) == spelling {
				return p, true
			}
		}
		for _, kind := range []string{"email", "github", "gitlab"} {
			if p, known := l.Of(kind, spelling); known {
				return p, true
			}
		}
	}
	return Person{}, false
}

func spellings(name string) []string {
	all := []string{strings.TrimPrefix(lower(strings.TrimSpace(name)), "@")}
	if before, address, found := strings.Cut(name, "<"); found {
		all = append(all, lower(strings.Trim(address, "<> ")), lower(strings.TrimSpace(before)))
	}
	return all
}

// canonical is a handle as it is compared: ids as they are, names without regard to case, as the tools compare them.
func canonical(kind, handle string) string {
	if kind == "slack" || kind == "discord" {
		return handle
	}
	return lower(handle)
}

// lower lowers ASCII letters only: no other letter may become one of another account's name.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
