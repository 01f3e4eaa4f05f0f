package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/picture"
	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

type plotInput struct {
	Name     string `path:"name" maxLength:"500" doc:"As for the change itself"`
	Signal   string `query:"signal" maxLength:"500" doc:"Only this signal; without it those that got worse, three at most, or where none did, the first three"`
	Rule     string `query:"rule" maxLength:"500" doc:"As this rule sees it; without it the rule that found the worst"`
	Recovery bool   `query:"recovery" doc:"Of the watch after the rollback, which asks whether that helped"`
	Theme    string `query:"theme" enum:"light,dark" default:"light"`
	Width    int    `query:"width" minimum:"360" maximum:"1600" default:"760" doc:"In pixels"`
	Heading  bool   `query:"heading" default:"true" doc:"Whether the verdict stands above the plots"`
	Have     string `header:"If-None-Match" maxLength:"1000" doc:"The ETag of a picture that is there already"`
}

type plotAnswer struct {
	Status      int
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag" doc:"Another one for each look"`
	Body        []byte
}

func (s *Server) pictureOperations(h huma.API) {
	for name, format := range map[string]picturing.Format{"png": picturing.PNG, "svg": picturing.SVG} {
		huma.Register(h, huma.Operation{
			OperationID: "plot-change-" + name, Method: http.MethodGet, Path: "/v1/changes/{name}/plot." + name, Tags: []string{"Changes"},
			Summary:     "The plots of a verdict as " + name,
			Description: "Of the last look, as the page of the change shows them. A change that no watch has looked at, or nothing was measured of, has none.",
			Errors:      []int{401, 404, 409, 500, 503},
			Responses: map[string]*huma.Response{
				"200": {Description: "The picture", Content: map[string]*huma.MediaType{format.MediaType(): {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}},
				"304": {Description: "If-None-Match has its ETag: nothing has changed"},
			},
		}, func(ctx context.Context, in *plotInput) (*plotAnswer, error) { return s.plot(ctx, in, format) })
	}
}

func (s *Server) plot(ctx context.Context, in *plotInput, format picturing.Format) (*plotAnswer, error) {
	c, err := s.findChange(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	which := picturing.Which{Rule: in.Rule}
	if in.Recovery {
		which.Of = picturing.Recovery
	}
	choice := picture.Choice{Signal: in.Signal, Dark: in.Theme == "dark", Bare: !in.Heading, Width: in.Width}
	look, err := s.Pictures.Find(ctx, c, which)
	if err != nil {
		return nil, s.pictureProblem(c.Key, err)
	}
	tag, painted, err := s.paint(ctx, look, choice, format, in.Have)
	if err != nil {
		return nil, s.pictureProblem(c.Key, err)
	}
	answer := &plotAnswer{Status: http.StatusOK, ContentType: format.MediaType(), ETag: tag, Body: painted}
	if painted == nil {
		answer.Status = http.StatusNotModified
	}
	return answer, nil
}

// paint paints a look unless the asker has it already, by the tags of the header If-None-Match: then painted is nil.
func (s *Server) paint(ctx context.Context, look picturing.Look, choice picture.Choice, format picturing.Format, have string) (tag string, painted []byte, err error) {
	tag = strconv.Quote(look.Tag(choice, format))
	if !hasTag(have, tag) {
		painted, err = s.Pictures.Paint(ctx, look, choice, format)
	}
	return tag, painted, err
}

// pictureProblem is why there is no picture of a change.
func (s *Server) pictureProblem(key string, err error) error {
	const watches = "`pushback explain` and the page of the change show its watches"
	switch {
	case errors.Is(err, picturing.ErrNotLooked):
		return problem(http.StatusNotFound, "there is nothing to draw yet: "+err.Error(), "ask again after its first look; "+watches)
	case errors.Is(err, picturing.ErrNotWatched), errors.Is(err, picturing.ErrNoRule), errors.Is(err, picturing.ErrNoRecovery),
		errors.Is(err, picture.ErrNothing), errors.Is(err, picture.ErrNoSignal):
		return problem(http.StatusNotFound, "there is no picture: "+err.Error(), watches)
	case errors.Is(err, store.ErrDamaged):
		s.Log.Error("the newest record is damaged; there is no picture of it", "change", key, "error", err)
		return problem(http.StatusInternalServerError, "there is no picture: the last look is damaged in the database", "the log says more; the next look is stored anew, if the watch goes on")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "too many pictures are being painted", "send it again in a few seconds")
	}
	return s.storeProblem(err)
}

// figureWidth is about that of a figure on the page, two beside each other, so that its text is as large as the page's.
const figureWidth = "460"

// withPicture adds what a page shows of a signal that is read without JavaScript, and its p-value in words.
func withPicture(shown web.Signal, w api.Watch, changeKey string) web.Signal {
	shown.Chance = w.Last.Chances[shown.Name]
	if !shown.Plot.Drawable() {
		return shown
	}
	q := url.Values{"rule": {w.Rule}, "signal": {shown.Name}, "heading": {"false"}, "width": {figureWidth}}
	if !w.After.IsZero() {
		q.Set("recovery", "true")
	}
	shown.Picture = "/v1/changes/" + changeKey + "/plot.svg?" + q.Encode()
	return shown
}

// sharedPicture serves the picture of one change to whoever has its address, which is signed: GitHub and GitLab fetch
// it for the readers of a comment, without a token. Nothing of the request chooses what is shown but what is signed, and
// everything that is wrong with an address has the same answer.
func (s *Server) sharedPicture(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	err := s.Pictures.Key().Check(r.PathValue("key"), r.PathValue("until"), r.PathValue("signature"), file, s.Now())
	if err != nil {
		writeProblem(w, problem(http.StatusNotFound, err.Error(), "open the change in Pushback"))
		return
	}
	if err := s.servePicture(w, r, picture.Choice{Dark: file == picturing.DarkFile}); err != nil {
		var p *api.Problem
		if !errors.As(err, &p) || p.Status < http.StatusInternalServerError {
			p = problem(http.StatusNotFound, picturing.ErrInvalidLink.Error(), "open the change in Pushback")
		}
		writeProblem(w, p)
	}
}

func (s *Server) servePicture(w http.ResponseWriter, r *http.Request, choice picture.Choice) error {
	c, err := s.findByKey(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	look, err := s.Pictures.Find(r.Context(), c, picturing.Which{})
	if err != nil {
		return s.pictureProblem(c.Key, err)
	}
	tag, painted, err := s.paint(r.Context(), look, choice, picturing.PNG, r.Header.Get("If-None-Match"))
	if err != nil {
		return s.pictureProblem(c.Key, err)
	}
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Content-Type", picturing.PNG.MediaType())
	// A proxy of images, as GitHub's, may keep it, and asks whether it is still the same while that can change.
	h.Set("Cache-Control", "no-cache")
	if !look.Open {
		h.Set("Cache-Control", "public, max-age=300")
	}
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // a page of GitLab may show it
	if painted == nil {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(painted)))
	_, _ = w.Write(painted) // a reader who has gone needs none
	return nil
}

// hasTag says whether a header If-None-Match names a tag.
func hasTag(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == tag || one == "W/"+tag || one == "*" {
			return true
		}
	}
	return false
}
