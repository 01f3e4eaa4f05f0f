package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pushback/pushback/internal/audit"
)

type exportInput struct {
	Since time.Time `query:"since" doc:"Entries from then on; absent: from the first"`
	Until time.Time `query:"until" doc:"Entries before then; absent: to the last"`
}

func (s *Server) auditOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "export-journal", Method: http.MethodGet, Path: "/v1/audit/export", Tags: []string{"Audit"},
		Summary: "The journal as JSON lines", Errors: []int{401}, Metadata: map[string]any{confidential: true},
		Description: "As `pushback audit export` writes it, whole from the first entry of the time to the last, so that `pushback audit verify` can check the chain. Needs a token also on this host.",
		Responses: map[string]*huma.Response{"200": {
			Description: "An entry, or a profile that entries name, on each line",
			Content:     map[string]*huma.MediaType{linesType: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}, s.exportJournal)
}

const linesType = "application/jsonl"

// exportJournal writes line by line, so that a long journal needs little memory. An answer that breaks off is not
// whole: its last line is cut, or `audit verify` names another last hash than the page.
func (s *Server) exportJournal(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(answer huma.Context) {
		_, w := humago.Unwrap(answer)
		w.Header().Set("Content-Type", linesType)
		w.Header().Set("Content-Disposition", `attachment; filename="audit.jsonl"`)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // as long as it takes
		if _, err := audit.Export(ctx, w, s.Store, in.Since, in.Until); err != nil && ctx.Err() == nil {
			s.Log.Error("cannot export the journal; the answer breaks off", "error", err)
			panic(http.ErrAbortHandler) // so that the client sees it as broken
		}
	}}, nil
}
