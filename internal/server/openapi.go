package server

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// registerAPI adds the operations of the API, and the OpenAPI document. The
// document is made once, here, because huma makes it at the first request, without
// a lock against a second one.
func (s *Server) registerAPI(mux *http.ServeMux) {
	useProblemsInHuma()
	h := humago.New(mux, s.humaConfig())
	h.UseMiddleware(s.authorize())
	s.statusOperations(h)
	s.sourceOperations(h)
	s.changeOperations(h)
	s.pictureOperations(h)
	s.watchedOperations(h)
	s.orderOperations(h)
	s.ruleOperations(h)
	s.ruleDetailOperations(h)
	s.gateOperations(h)
	s.verdictOperations(h)
	s.flaggerOperations(h)
	s.proposalOperations(h)
	s.incidentOperations(h)
	s.tokenOperations(h)
	s.freezeOperations(h)
	s.auditOperations(h)
	describeIntake(h.OpenAPI())
	describeTexts(h.OpenAPI())
	document, err := json.Marshal(h.OpenAPI())
	mux.HandleFunc("GET /openapi.json", s.requireRead(func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			writeProblem(w, problem(http.StatusInternalServerError, "the OpenAPI document could not be encoded", ""))
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(document)
	}))
	mux.HandleFunc("GET /docs", s.pageHandler(s.docsPage(h.OpenAPI())))
}

func (s *Server) humaConfig() huma.Config {
	c := huma.DefaultConfig("Pushback", s.Version)
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	api.DescribeTypes(c.Components.Schemas)
	c.Info.Description = "Watches changes going to production, judges metrics before and after, and rolls back."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // registerAPI serves them
	c.CreateHooks = nil                                   // adds no $schema link to answers
	c.Formats = map[string]huma.Format{"application/json": apiFormat, "json": apiFormat}
	c.RejectUnknownQueryParameters = true // a filter that is misspelled must not list everything
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A line of the token file, or a named token. Whoever runs Pushback needs none for reading, over loopback."},
	}
	c.Security = []map[string][]string{{"token": {}}}
	return c
}

// schemaName gives types of the same name in different packages different schema
// names, such as sources.Change and api.Change.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, pkg, _ := strings.Cut(t.PkgPath(), "pushback/pushback/")
	if pkg == "" || t.PkgPath() == reflect.TypeFor[api.Status]().PkgPath() {
		return name
	}
	pkg = pkg[strings.LastIndex(pkg, "/")+1:]
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// authorize refuses a request that may not use its operation: see scopeOfOperation. Somebody who is limited to teams
// may use no operation that does not check whose service it is about.
func (s *Server) authorize() func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		metadata := ctx.Operation().Metadata
		does := scopeOfOperation(ctx.Method(), metadata)
		err := s.refusal(r, does)
		if metadata[anybody] == true && s.who(r).Known() {
			err = nil
		} else if err == nil && metadata[byService] != true {
			err = checkAllTeams(s.who(r), does)
		}
		if err != nil {
			s.refuseSender(w, err)
			return
		}
		next(ctx)
	}
}

// describeIntake adds the two operations that huma does not handle to the
// document.
func describeIntake(o *huma.OpenAPI) {
	event := o.Components.Schemas.Schema(reflect.TypeFor[sources.Event](), true, "Event")
	answers := func(codes ...string) map[string]*huma.Response {
		all := map[string]*huma.Response{
			"200": body(o, reflect.TypeFor[api.Accepted](), "On disk: a later status of a known change, or a duplicate"),
			"201": body(o, reflect.TypeFor[api.Accepted](), "On disk: a new change"),
			"202": body(o, reflect.TypeFor[api.Ignored](), "Authentic, but not about a change; not stored"),
		}
		for _, code := range codes {
			all[code] = problemBody(o)
		}
		return all
	}
	o.AddOperation(&huma.Operation{
		OperationID: "send-event", Method: http.MethodPost, Path: "/v1/events", Tags: []string{"Intake"},
		Summary:     "Report a change",
		Description: "Required: service, environment, version, at. Left out, status is succeeded, kind is deploy, and change_id and event_id are made from the rest, so that a retry is a duplicate. Pushback sets source. Unknown keys are refused.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: event}}},
		Responses:   answers("400", "401", "413", "415", "503"),
	})
	o.AddOperation(&huma.Operation{
		OperationID: "deliver", Method: http.MethodPost, Path: "/hooks/{source}", Tags: []string{"Intake"},
		Summary:     "Deliver a tool's own webhook",
		Description: "The body is the tool's; its signature covers the raw bytes and is checked before they are parsed. At most 1 MiB.",
		Parameters:  []*huma.Param{{Name: "source", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}, Description: "A name under sources in pushback.yml"}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}}},
		Responses:   answers("400", "401", "403", "404", "413", "415", "503"),
		Security:    []map[string][]string{{}},
	})
}

func body(o *huma.OpenAPI, t reflect.Type, description string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{
		"application/json": {Schema: o.Components.Schemas.Schema(t, true, "")},
	}}
}

func problemBody(o *huma.OpenAPI) *huma.Response {
	return &huma.Response{Description: "A problem, with a hint", Content: map[string]*huma.MediaType{
		api.ProblemType: {Schema: o.Components.Schemas.Schema(reflect.TypeFor[api.Problem](), true, "")},
	}}
}
