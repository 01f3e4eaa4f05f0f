package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// describeTexts adds the two operations that answer with text to the document: huma does not handle them.
func describeTexts(o *huma.OpenAPI) {
	text := func(id, path, summary, description, mediaType string) {
		o.AddOperation(&huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"Changes"}, Summary: summary, Description: description,
			Parameters: []*huma.Param{{Name: "name", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}, Description: "As for the change itself"}},
			Responses: map[string]*huma.Response{
				"200": {Description: "The text", Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString}}}},
				"401": problemBody(o), "404": problemBody(o), "409": problemBody(o),
			},
		})
	}
	text("change-journal", "/v1/changes/{name}/journal.jsonl", "The journal of one change",
		"An entry a line, as `pushback audit export` writes them. The chain of their hashes has gaps, because other changes have entries in between: only the whole journal can be verified.", "application/jsonl")
	text("change-summary", "/v1/changes/{name}/summary.md", "A change in Markdown", "For chats, issues and postmortems. What comes from outside stands in code.", "text/markdown")
}
