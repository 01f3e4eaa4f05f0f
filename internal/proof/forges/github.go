package forges

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"
)

// GitHub is a scripted GitHub with one repository, acme/cart.
type GitHub struct {
	forge
	token string
	pulls map[string]Pull // by commit; one that is not here is unknown

	comments    []*Comment
	statuses    []Status
	runs        []*CheckRun
	deployments map[int64][]Status
	held        map[string]string // by "run environment": the deployments that wait, and their answer
	reviews     []Review
}

// Pull is the pull request that brought a commit; the zero Pull is none.
type Pull struct {
	Number         int64  `json:"number"`
	MergeCommitSHA string `json:"merge_commit_sha"`
	MergedAt       string `json:"merged_at"`
}

// Comment is a comment on a pull request or a note on a merge request.
type Comment struct {
	ID          int64  `json:"id"`
	On          int64  `json:"-"` // the number of the pull request
	Body        string `json:"body"`
	Edits       int    `json:"-"`
	Association string `json:"author_association"`
	User        struct {
		Login string `json:"login"`
		Type  string `json:"type"`
	} `json:"user"`
	UpdatedAt time.Time `json:"updated_at"`
	System    bool      `json:"system"`
}

// Status is a status of a commit or of a deployment.
type Status struct {
	State        string `json:"state"`
	Name         string `json:"name,omitempty"` // GitLab's word for the context
	TargetURL    string `json:"target_url,omitempty"`
	LogURL       string `json:"log_url,omitempty"`
	Description  string `json:"description"`
	Context      string `json:"context,omitempty"`
	AutoInactive *bool  `json:"auto_inactive,omitempty"`
	SHA          string `json:"-"`
}

// CheckRun is a check run.
type CheckRun struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	HeadSHA     string `json:"head_sha"`
	ExternalID  string `json:"external_id"`
	DetailsURL  string `json:"details_url"`
	Status      string `json:"status"`
	Conclusion  string `json:"conclusion"`
	StartedAt   string `json:"started_at"`
	CompletedAt string `json:"completed_at"`
	Output      struct {
		Title   string `json:"title"`
		Summary string `json:"summary"`
	} `json:"output"`
}

// NewGitHub starts a GitHub that takes one token. pulls are its commits.
func NewGitHub(t testing.TB, token string, pulls map[string]Pull) *GitHub {
	t.Helper()
	g := &GitHub{token: token, pulls: pulls, deployments: map[int64][]Status{}, held: map[string]string{}}
	mux := http.NewServeMux()
	const repository = "/repos/acme/cart"
	mux.HandleFunc("POST "+repository+"/statuses/{sha}", g.createStatus)
	mux.HandleFunc("GET "+repository+"/commits/{sha}/pulls", g.listPulls)
	mux.HandleFunc("GET "+repository+"/commits/{sha}/check-runs", g.listRuns)
	mux.HandleFunc("POST "+repository+"/check-runs", g.createRun)
	mux.HandleFunc("PATCH "+repository+"/check-runs/{id}", g.updateRun)
	mux.HandleFunc("GET "+repository+"/deployments/{id}/statuses", g.listDeploymentStatuses)
	mux.HandleFunc("POST "+repository+"/deployments/{id}/statuses", g.createDeploymentStatus)
	mux.HandleFunc("GET "+repository+"/issues/{number}/comments", g.listComments)
	mux.HandleFunc("POST "+repository+"/issues/{number}/comments", g.createComment)
	mux.HandleFunc("PATCH "+repository+"/issues/comments/{id}", g.updateComment)
	mux.HandleFunc("POST "+repository+"/actions/runs/{id}/deployment_protection_rule", g.review)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	g.start(t, mux, g.allowed)
	return g
}

func (g *GitHub) allowed(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+g.token:
		refuse(w, http.StatusUnauthorized, "Bad credentials")
	case r.Header.Get("User-Agent") == "":
		refuse(w, http.StatusForbidden, "Request forbidden by administrative rules: a User-Agent header is required")
	case r.Header.Get("Accept") != "application/vnd.github+json":
		refuse(w, http.StatusUnsupportedMediaType, "Must accept application/vnd.github+json")
	default:
		return true
	}
	return false
}

// known refuses a commit that there is not.
func (g *GitHub) known(w http.ResponseWriter, sha string) bool {
	_, known := g.pulls[sha]
	if !known {
		refuse(w, http.StatusUnprocessableEntity, "No commit found for SHA: %s", sha)
	}
	return known
}

const maxDescription = 140

func (g *GitHub) createStatus(w http.ResponseWriter, r *http.Request) {
	s := Status{SHA: r.PathValue("sha")}
	if !g.known(w, s.SHA) || !read(w, r, &s) || !require(w, map[string]bool{
		"state is not included in the list":                   slices.Contains([]string{"error", "failure", "pending", "success"}, s.State),
		"description is too long (maximum is 140 characters)": utf8.RuneCountInString(s.Description) <= maxDescription,
	}) {
		return
	}
	g.statuses = append(g.statuses, s)
	answer(w, http.StatusCreated, s)
}

func (g *GitHub) listPulls(w http.ResponseWriter, r *http.Request) {
	if !g.known(w, r.PathValue("sha")) {
		return
	}
	all := []Pull{}
	if p := g.pulls[r.PathValue("sha")]; p.Number != 0 {
		all = append(all, p)
	}
	answer(w, http.StatusOK, all)
}

func (g *GitHub) listRuns(w http.ResponseWriter, r *http.Request) {
	all := []*CheckRun{}
	for _, run := range g.runs {
		if run.HeadSHA == r.PathValue("sha") && run.Name == r.URL.Query().Get("check_name") {
			all = append(all, run)
		}
	}
	answer(w, http.StatusOK, map[string]any{"total_count": len(all), "check_runs": all})
}

func (g *GitHub) createRun(w http.ResponseWriter, r *http.Request) {
	run := &CheckRun{}
	if !read(w, r, run) || !g.known(w, run.HeadSHA) || !validRun(w, run) {
		return
	}
	run.ID = g.id()
	g.runs = append(g.runs, run)
	answer(w, http.StatusCreated, run)
}

func (g *GitHub) updateRun(w http.ResponseWriter, r *http.Request) {
	at := slices.IndexFunc(g.runs, func(run *CheckRun) bool { return fmt.Sprint(run.ID) == r.PathValue("id") })
	if at < 0 {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	run := &CheckRun{}
	if !read(w, r, run) || !validRun(w, run) {
		return
	}
	run.ID = g.runs[at].ID
	g.runs[at] = run
	answer(w, http.StatusOK, run)
}

func validRun(w http.ResponseWriter, run *CheckRun) bool {
	completed := run.Status == "completed"
	return require(w, map[string]bool{
		"name is missing":                        run.Name != "",
		"status is not included in the list":     completed || run.Status == "in_progress",
		"a completed run must have a conclusion": completed == slices.Contains([]string{"success", "failure", "neutral"}, run.Conclusion),
		"output needs a title and a summary":     run.Output.Title != "" && run.Output.Summary != "" && len(run.Output.Summary) <= 65535,
	})
}

func (g *GitHub) listDeploymentStatuses(w http.ResponseWriter, r *http.Request) {
	newestFirst := slices.Clone(g.deployments[number(r, "id")])
	slices.Reverse(newestFirst)
	answer(w, http.StatusOK, append([]Status{}, newestFirst...))
}

func (g *GitHub) createDeploymentStatus(w http.ResponseWriter, r *http.Request) {
	var s Status
	if !read(w, r, &s) || !require(w, map[string]bool{
		"state is not included in the list":                   slices.Contains([]string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}, s.State),
		"description is too long (maximum is 140 characters)": utf8.RuneCountInString(s.Description) <= maxDescription,
	}) {
		return
	}
	id := number(r, "id")
	g.deployments[id] = append(g.deployments[id], s)
	answer(w, http.StatusCreated, s)
}

func (g *GitHub) listComments(w http.ResponseWriter, r *http.Request) {
	since, err := time.Parse(time.RFC3339, r.URL.Query().Get("since"))
	if r.URL.Query().Has("since") && err != nil {
		refuse(w, http.StatusUnprocessableEntity, "since is no timestamp")
		return
	}
	answer(w, http.StatusOK, page(r, g.commentsOn(number(r, "number"), since)))
}

func (g *GitHub) commentsOn(pull int64, since time.Time) (all []*Comment) {
	for _, c := range g.comments {
		if c.On == pull && !c.UpdatedAt.Before(since) {
			all = append(all, c)
		}
	}
	return all
}

// page is one page of a list.
func page(r *http.Request, all []*Comment) []*Comment {
	size, err := strconv.Atoi(r.URL.Query().Get("per_page"))
	if err != nil || size > 100 {
		size = 30
	}
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	from := min(max(n-1, 0)*size, len(all))
	return append([]*Comment{}, all[from:min(from+size, len(all))]...)
}

const maxComment = 65536

func (g *GitHub) createComment(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Body string `json:"body"`
	}
	if !read(w, r, &body) || !require(w, map[string]bool{"body is missing or too long": body.Body != "" && len(body.Body) <= maxComment}) {
		return
	}
	answer(w, http.StatusCreated, g.add(number(r, "number"), "MEMBER", body.Body))
}

func (g *GitHub) add(pull int64, association, body string) *Comment {
	c := &Comment{ID: g.id(), On: pull, Body: body, Association: association, UpdatedAt: time.Now().UTC()}
	c.User.Login, c.User.Type = "pushback-bot", "User"
	g.comments = append(g.comments, c)
	return c
}

func (g *GitHub) updateComment(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Body string `json:"body"`
	}
	if !read(w, r, &body) {
		return
	}
	for _, c := range g.comments {
		if c.ID == number(r, "id") {
			c.Body, c.UpdatedAt = body.Body, time.Now().UTC()
			c.Edits++
			answer(w, http.StatusOK, c)
			return
		}
	}
	refuse(w, http.StatusNotFound, "Not Found")
}

func number(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(r.PathValue(name), 10, 64)
	return n
}

// AddComment is a comment of somebody else.
func (g *GitHub) AddComment(pull int64, association, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(pull, association, body)
}

// DeleteComments deletes all comments.
func (g *GitHub) DeleteComments() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.comments = nil
}

// Comments are the comments, the oldest first.
func (g *GitHub) Comments() (all []Comment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.comments {
		all = append(all, *c)
	}
	return all
}

// Statuses are the statuses of commits, the oldest first.
func (g *GitHub) Statuses() []Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.statuses)
}

// CheckRuns are the check runs, the oldest first.
func (g *GitHub) CheckRuns() (all []CheckRun) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, run := range g.runs {
		all = append(all, *run)
	}
	return all
}

// DeploymentStatuses are those of a deployment, the oldest first.
func (g *GitHub) DeploymentStatuses(id int64) []Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.deployments[id])
}
