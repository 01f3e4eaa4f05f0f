// Package gitlab writes the verdict on a change back to GitLab: a status on the commit, and one note on the merge
// request that brought it, updated in place. It also answers external status checks (adr/0128).
//
//	verdict        commit status
//	watching       running
//	healthy        success
//	regressed      failed
//	inconclusive   success
//	superseded     success
//	blind          failed
//
// A commit status shows as an external job in the commit's pipeline. It knows no neutral (canceled would cancel the
// pipeline), and what was not found to be bad must not block: its words say that nothing was judged.
//
// A note is looked for by the marker it begins with before it is made. GitLab before 18.3 refuses to set a status that is set
// already (400, "Cannot transition status"), which is taken for done.
//
// See https://docs.gitlab.com/api/commits/ (set commit pipeline status, list merge requests) and
// https://docs.gitlab.com/api/notes/.
package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/notify/internal/protection"
)

// Config is a report of kind gitlab in pushback.yml.
type Config struct {
	URL       string                  `yaml:"url"`        // https://gitlab.com, or that of your own
	TokenFile string                  `yaml:"token_file"` // a project, group or personal access token with the scope api, at least Developer
	Status    bool                    `yaml:"status"`     // on the commit
	Note      bool                    `yaml:"note"`       // on the merge request
	Plot      bool                    `yaml:"plot"`       // a picture in the note, which GitLab or its readers fetch
	HTTP      config.HTTPClientConfig `yaml:"http"`

	protection.Settings `yaml:",inline"` // of merge requests, by target branch
}

// SetDefaults writes everything, and holds nothing back.
func (c *Config) SetDefaults() {
	c.Settings = protection.Defaults()
	c.URL, c.Status, c.Note, c.Plot = "https://gitlab.com", true, true, true
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Reporter writes to one GitLab. It is safe for concurrent use.
type Reporter struct {
	config Config
	api    *delivery.API
}

// New checks the settings, the token file included. It calls nobody.
func New(c Config) (*Reporter, error) {
	if err := errors.Join(c.checkWrites(), c.Check("a branch")); err != nil {
		return nil, err
	}
	api, err := delivery.NewAPI(delivery.APIOptions{
		Tool: "GitLab", URL: strings.TrimRight(c.URL, "/"), TokenFile: c.TokenFile, Header: "Private-Token", HTTP: c.HTTP,
	})
	if err != nil {
		return nil, err
	}
	return &Reporter{c, api}, nil
}

// written is what is on GitLab already.
type written struct {
	Status *statusBody `json:"status,omitempty"`
	Merge  int64       `json:"merge_request,omitempty"`
	Note   int64       `json:"note,omitempty"`
}

var (
	// changeID is what sources/changes/gitlab names a change: gitlab:PROJECT/ID of a deployment,
	// gitlab:PROJECT/pipelines/ID, and others that have no commit.
	changeID = regexp.MustCompile(`^gitlab:([0-9]{1,18})/(?:[0-9]{1,18}|pipelines/[0-9]{1,18}|releases/[0-9]{1,18})$`)
	commit   = regexp.MustCompile(`^[0-9a-f]{8,64}$`)
)

// Report writes what the settings want. A version that is no commit, as that of a release, gets nothing.
func (g *Reporter) Report(ctx context.Context, r notify.Report, remote string) (string, error) {
	project := projectOf(r)
	if project == "" || !commit.MatchString(r.Version) {
		return remote, nil
	}
	var w written
	_ = json.Unmarshal([]byte(remote), &w) // nothing, or nothing readable: what is there is looked for
	var errs []error
	if g.config.Status {
		errs = append(errs, g.putStatus(ctx, project, r, &w))
	}
	if g.config.Note {
		errs = append(errs, g.putNote(ctx, project, r, &w))
	}
	now, err := json.Marshal(w)
	return string(now), delivery.Join(append(errs, err)...)
}

// projectOf is the path of the project in the API, "" where the change is none of GitLab's.
func projectOf(r notify.Report) string {
	for _, w := range r.Witnesses {
		if m := changeID.FindStringSubmatch(w.ChangeID); m != nil {
			return "/api/v4/projects/" + m[1]
		}
	}
	return ""
}

type statusBody struct {
	State       string `json:"state"`
	Name        string `json:"name"`
	TargetURL   string `json:"target_url,omitempty"`
	Description string `json:"description"`
}

var states = map[notify.Verdict]string{
	notify.Watching: "running", notify.Healthy: "success", notify.Regressed: "failed",
	notify.Inconclusive: "success", notify.Superseded: "success", notify.Blind: "failed",
}

// maxDescription is what GitLab's column holds, in characters.
const maxDescription = 255

func (g *Reporter) putStatus(ctx context.Context, project string, r notify.Report, w *written) error {
	p := r.Truncated().Plain()
	body := statusBody{states[r.Verdict], notify.Truncate(p.Context(), maxDescription), p.Link, notify.Truncate(p.Summary(), maxDescription)}
	if w.Status != nil && *w.Status == body {
		return nil
	}
	err := g.api.Call(ctx, http.MethodPost, project+"/statuses/"+r.Version, body, nil)
	if err != nil && !isSetAlready(err) {
		return fmt.Errorf("commit status: %w", err)
	}
	w.Status = &body
	return nil
}

// isSetAlready reports whether GitLab refused a status because the commit has it.
func isSetAlready(err error) bool {
	var refused *delivery.Refused
	return errors.As(err, &refused) && refused.Code == http.StatusBadRequest && strings.Contains(refused.Detail, "Cannot transition status")
}

type noteBody struct {
	Body string `json:"body"`
}

// putNote updates the note on the merge request, or makes it. A commit that came by no merge request has none.
func (g *Reporter) putNote(ctx context.Context, project string, r notify.Report, w *written) (err error) {
	if w.Merge == 0 {
		if w.Merge, err = g.findMerge(ctx, project, r.Version); err != nil {
			return fmt.Errorf("finding the merge request: %w", err)
		}
	}
	if w.Merge == 0 {
		return nil
	}
	notes := fmt.Sprintf("%s/merge_requests/%d/notes", project, w.Merge)
	if err := g.update(ctx, notes, r, w); err != nil {
		return fmt.Errorf("note on merge request %d: %w", w.Merge, err)
	}
	return nil
}

func (g *Reporter) update(ctx context.Context, notes string, r notify.Report, w *written) error {
	r.PictureDark = "" // GitLab's Markdown has no picture for dark pages
	if !g.config.Plot {
		r.Picture = ""
	}
	body := noteBody{comment.Render(r)}
	put := func() error {
		return g.api.Call(ctx, http.MethodPut, notes+"/"+strconv.FormatInt(w.Note, 10), body, nil)
	}
	if w.Note != 0 {
		if err := put(); delivery.StatusOf(err) != http.StatusNotFound {
			return err
		}
	}
	found, err := g.findNote(ctx, notes, r.Key)
	if err != nil {
		return err
	}
	if w.Note = found.ID; found.ID != 0 {
		return put()
	}
	var made struct {
		ID int64 `json:"id"`
	}
	err = g.api.Call(ctx, http.MethodPost, notes, body, &made)
	w.Note = made.ID
	return err
}

// findMerge returns the number of the merge request that brought the commit, 0 for none: the one that was
// merged as this commit, else the first that holds it.
func (g *Reporter) findMerge(ctx context.Context, project, sha string) (int64, error) {
	var merges []struct {
		IID    int64  `json:"iid"`
		Merge  string `json:"merge_commit_sha"`
		Squash string `json:"squash_commit_sha"`
		SHA    string `json:"sha"`
	}
	if err := g.api.Call(ctx, http.MethodGet, project+"/repository/commits/"+sha+"/merge_requests?per_page=100", nil, &merges); err != nil || len(merges) == 0 {
		return 0, err
	}
	for _, m := range merges {
		if strings.HasPrefix(m.Merge, sha) || strings.HasPrefix(m.Squash, sha) || strings.HasPrefix(m.SHA, sha) {
			return m.IID, nil
		}
	}
	return merges[0].IID, nil
}

// maxPages bounds the search for a note, a hundred a page, the newest first.
const maxPages = 20

type foundNote struct {
	ID     int64  `json:"id"`
	Body   string `json:"body"`
	System bool   `json:"system"`
}

// findNote returns the note with the marker of a key, one without an id for none. A note of GitLab's own is none of ours.
func (g *Reporter) findNote(ctx context.Context, notes, key string) (foundNote, error) {
	query := url.Values{"per_page": {"100"}, "order_by": {"created_at"}, "sort": {"desc"}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var found []foundNote
		if err := g.api.Call(ctx, http.MethodGet, notes+"?"+query.Encode(), nil, &found); err != nil {
			return foundNote{}, err
		}
		for _, n := range found {
			if !n.System && strings.HasPrefix(n.Body, comment.Marker(key)) {
				return n, nil
			}
		}
		if len(found) < 100 {
			break
		}
	}
	return foundNote{}, nil
}
