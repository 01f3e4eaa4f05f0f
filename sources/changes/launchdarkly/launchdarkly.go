// Package launchdarkly turns LaunchDarkly's webhooks, which are entries of its audit log, into
// events of flags (launchdarkly.com/docs/api/webhooks, X-LD-Signature).
//
// One entry may change a flag in several environments; each is an event. What a flag serves is
// read from currentVersion and previousVersion, by the words of the hook of the same kind: off, the
// share of the variation that is not served when the flag is off, a variation, or on. Entries
// without them name the action alone, such as updateOn; then turning on and off is read from the
// title, and anything else is a change to an unnamed revision.
//
// Deliveries arrive in any order: `date` is the order.
//
// See adr/0118.
package launchdarkly

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind launchdarkly in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Where nothing else names the service, it is the
// project, which the catalogue maps.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "launchdarkly", signature.HexHMAC("X-LD-Signature", ""), read)
}

// entry holds the fields of an audit log entry that are read, under LaunchDarkly's names.
type entry struct {
	ID       string `json:"_id"`
	Date     int64  `json:"date"`
	Kind     string `json:"kind"`
	Accesses []struct {
		Action   string `json:"action"`
		Resource string `json:"resource"`
	} `json:"accesses"`
	TitleVerb string `json:"titleVerb"`
	Member    struct {
		Email string `json:"email"`
	} `json:"member"`
	Token struct {
		Name string `json:"name"`
	} `json:"token"`
	App struct {
		Name string `json:"name"`
	} `json:"app"`
	Links struct {
		Site struct {
			Href string `json:"href"`
		} `json:"site"`
	} `json:"_links"`
	Current  *feature `json:"currentVersion"`
	Previous *feature `json:"previousVersion"`
}

// place is a flag in an environment.
type place struct{ project, environment, flag string }

func read(_ http.Header, body []byte) ([]flags.Change, error) {
	var e entry
	if err := changes.Decode(body, &e); err != nil {
		return nil, err
	}
	switch {
	case e.Kind == "":
		return nil, changes.Bad("kind is missing")
	case e.Kind != "flag":
		return nil, changes.Ignored("the entry is not about a flag")
	case e.ID == "":
		return nil, changes.Bad("_id is missing")
	}
	places := e.places()
	if len(places) == 0 {
		return nil, changes.Ignored("no action of the entry changes what a flag serves in an environment")
	}
	if len(places) > mostPlaces {
		return nil, changes.Bad("accesses names more than %d environments", mostPlaces)
	}
	var all []flags.Change
	for _, p := range places {
		all = append(all, e.change(p))
	}
	return all, nil
}

// mostPlaces is how many environments one entry may be about.
const mostPlaces = 100

// describing are the actions after which a flag serves what it served before.
var describing = []string{
	"updateName", "updateDescription", "updateTags", "updateMaintainer", "updateTemporary", "updateFlagCustomProperties",
	"updateIncludeInSnippet", "updateClientSideFlagAvailability", "updateTrackEvents", "updateFlagDefaultVariations",
	"createApprovalRequest", "updateApprovalRequest", "reviewApprovalRequest", "deleteApprovalRequest", "updateFlagLink", "createFlagLink", "deleteFlagLink",
	"createScheduledChanges", "updateScheduledChanges", "deleteScheduledChanges", "updateDeprecated", "copyFlagConfigFrom",
}

// places are the environments in which the entry changes what is served, each once.
func (e entry) places() (all []place) {
	for _, access := range e.Accesses {
		p, ok := parseResource(access.Resource)
		if ok && !slices.Contains(describing, access.Action) && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// parseResource reads a resource specifier, proj/x:env/production:flag/y, in which each part may
// be followed by tags behind a semicolon.
func parseResource(text string) (p place, ok bool) {
	for part := range strings.SplitSeq(text, ":") {
		kind, key, _ := strings.Cut(part, "/")
		key, _, _ = strings.Cut(key, ";")
		switch kind {
		case "proj":
			p.project = key
		case "env":
			p.environment = key
		case "flag":
			p.flag = key
		}
	}
	return p, p.project != "" && p.environment != "" && p.flag != ""
}

func (e entry) change(p place) flags.Change {
	c := flags.Change{
		ID: e.ID, Flag: p.flag, Project: p.project, Environment: p.environment, At: flags.Time(e.Date),
		Now: e.Current.state(p.environment), Before: e.Previous.state(p.environment), URL: e.url(),
	}
	if c.Now.Serves == "" {
		c.Now, c.Before = e.stateByTitle()
	}
	if e.Current != nil {
		c.Tags = e.Current.Tags
	}
	for _, actor := range []string{e.Member.Email, e.Token.Name, e.App.Name} {
		if c.Actor == "" {
			c.Actor = actor
		}
	}
	return c
}

// url is where people see the entry's flag. LaunchDarkly sends it without its own address.
func (e entry) url() string {
	href := e.Links.Site.Href
	if strings.HasPrefix(href, "/") {
		return "https://app.launchdarkly.com" + href
	}
	return href
}

// stateByTitle is what the flag serves where the entry does not hold the flag.
func (e entry) stateByTitle() (now, before flags.State) {
	switch e.TitleVerb {
	case "turned on the flag":
		return flags.On, flags.Off
	case "turned off the flag":
		return flags.Off, flags.On
	case "archived the flag", "deleted the flag":
		return flags.Off, flags.State{}
	}
	return flags.State{Serves: "revision " + e.ID}, flags.State{}
}
