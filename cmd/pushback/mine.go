package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// mineCommand lists the changes of a person.
type mineCommand struct {
	serverFlags
	Author      []string `env:"PUSHBACK_AUTHOR" placeholder:"NAME" help:"Whose changes, by a login, a name or an address, several times for several (${env}); by default yours, by git and the login."`
	Service     string   `help:"Only this service."`
	Environment string   `help:"Only this environment."`
	Since       moment   `default:"30d" help:"From when on: 7d, 2026-11-26 (default ${default})."`
	Limit       int      `default:"20" help:"How many changes are listed; all are counted."`
}

// Help says which changes are somebody's.
func (mineCommand) Help() string {
	return `A change is yours if its actor or one of its riders, the people whose commits it carries,
is called as you are: git config user.name, git config user.email, or the login of this
shell. Case does not count. A tool that reports changes under other names is found by
--author, or by PUSHBACK_AUTHOR.

Examples:

  pushback mine
  pushback mine --author ada-l --since 7d
  pushback mine --json | jq '.counts'`
}

// mineAnswer is what --json writes.
type mineAnswer struct {
	Authors []string            `json:"authors"` // any of them
	Since   time.Time           `json:"since"`
	Counts  map[string]int      `json:"counts"` // by state
	Undone  int                 `json:"rolled_back"`
	Changes []api.ChangeSummary `json:"changes"` // newest first, at most --limit
}

// Run asks for the changes, page by page.
func (m mineCommand) Run(ctx context.Context, out terminal) error {
	c, err := m.client()
	if err != nil {
		return err
	}
	authors := m.Author
	if len(authors) == 0 {
		authors = whoAmI(ctx)
	}
	if len(authors) == 0 {
		return usageError(errors.New("it is not known who you are: git has no user.name, and the shell no login\n  hint: name yourself with --author"))
	}
	answer := mineAnswer{Authors: authors, Since: time.Time(m.Since), Counts: map[string]int{}, Changes: []api.ChangeSummary{}}
	if err := m.collect(ctx, c, &answer); err != nil {
		return err
	}
	if m.JSON {
		return out.printJSON(answer)
	}
	return answer.print(out)
}

// collect counts all changes since then, and keeps those that are listed.
func (m mineCommand) collect(ctx context.Context, c *client, answer *mineAnswer) error {
	q := url.Values{"limit": {"500"}, "author": answer.Authors}
	for name, value := range map[string]string{"service": m.Service, "environment": m.Environment} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for {
		var page api.Changes
		if err := c.call(ctx, http.MethodGet, "/v1/changes?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		for _, change := range page.Changes {
			if !change.StartedAt.Before(answer.Since) {
				answer.add(change, m.Limit)
			}
		}
		if page.Before.Before(answer.Since) { // zero on the last page
			return nil
		}
		q.Set("before", page.Before.Format(time.RFC3339Nano))
	}
}

func (a *mineAnswer) add(c api.ChangeSummary, limit int) {
	a.Counts[c.State]++
	if c.Order == "done" {
		a.Undone++
	}
	if len(a.Changes) < limit {
		a.Changes = append(a.Changes, c)
	}
}

func (a mineAnswer) print(out terminal) error {
	total := 0
	for _, n := range a.Counts {
		total += n
	}
	fmt.Fprintf(out, "%s of %s since %s%s\n", counted(total, "change"), clean(strings.Join(a.Authors, ", ")), a.Since.Local().Format(time.DateTime), a.course())
	if total == 0 {
		fmt.Fprintln(out, "  is that how your deploy tool calls you? pushback mine --author NAME takes another name")
		return nil
	}
	if err := printChanges(out, a.Changes); err != nil || total == len(a.Changes) {
		return err
	}
	_, err := fmt.Fprintf(out, "and %d older; --limit shows more\n", total-len(a.Changes))
	return err
}

// course says how the changes did, the states that most ended in first.
func (a mineAnswer) course() string {
	var states []string
	for state := range a.Counts {
		states = append(states, state)
	}
	slices.SortFunc(states, func(x, y string) int { return cmp.Or(cmp.Compare(a.Counts[y], a.Counts[x]), cmp.Compare(x, y)) })
	var parts []string
	for _, state := range states {
		parts = append(parts, strconv.Itoa(a.Counts[state])+" "+state)
	}
	if a.Undone > 0 {
		parts = append(parts, strconv.Itoa(a.Undone)+" rolled back")
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// whoAmI are the names of whoever runs the command, by git and by the login.
func whoAmI(ctx context.Context) (names []string) {
	for _, key := range []string{"user.name", "user.email"} {
		value, err := exec.CommandContext(ctx, "git", "config", "--get", key).Output()
		if err == nil { // without git, or outside of what it knows, the login is left
			names = append(names, string(value))
		}
	}
	login := os.Getenv("USER")
	if u, err := user.Current(); login == "" && err == nil {
		login = u.Username
	}
	return namesOf(append(names, login))
}

// noReply is the address that GitHub gives to people who show none; it holds their login.
var noReply = regexp.MustCompile(`^(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.github\.com$`)

// namesOf are names in one line each, every one once, with the login that an address holds.
func namesOf(written []string) (names []string) {
	for _, name := range written {
		name = sources.OneLine(name, sources.MaxName)
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		if m := noReply.FindStringSubmatch(name); m != nil && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}
