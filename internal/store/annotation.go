package store

import (
	"context"
	"time"
)

// Annotation is a change's annotation on the dashboards. Revision grows with
// every change of its content; Posted is the revision that the dashboard shows.
type Annotation struct {
	ChangeKey string    `json:"-"`
	Tag       string    `json:"tag"` // unique: finds the annotation again when its id was lost
	RemoteID  int64     `json:"-"`   // the dashboard's id of it; 0: never posted
	From      time.Time `json:"from"`
	To        time.Time `json:"to,omitzero"`
	Text      string    `json:"text"`
	Tags      []string  `json:"tags"`
	Revision  int64     `json:"-"`
	Posted    int64     `json:"-"` // below Revision: the newest one has yet to be posted
	LastError string    `json:"-"`
}

const selectAnnotation = `SELECT change_key, remote_id, revision, posted, last_error, body FROM annotations `

func scanAnnotation(r row) (Annotation, error) {
	var a Annotation
	var body string
	if err := r.Scan(&a.ChangeKey, &a.RemoteID, &a.Revision, &a.Posted, &a.LastError, &body); err != nil {
		return Annotation{}, err
	}
	return a, decode(body, &a)
}

// PutAnnotation stores the content of an annotation. It makes a new revision
// only where the content differs from the stored one. RemoteID, Revision, Posted
// and LastError of a are ignored: FinishAnnotation sets them.
func (s *Store) PutAnnotation(ctx context.Context, a Annotation) error {
	return putAnnotation(ctx, s.write, a)
}

func putAnnotation(ctx context.Context, db executor, a Annotation) error {
	a.From, a.To = fromMicros(micros(a.From)), fromMicros(micros(a.To)) // rounded as they are read back, so that equal times give equal JSON
	body, err := encode(a)
	if err != nil {
		return wrap(err, "store annotation of change %s", a.ChangeKey)
	}
	_, err = db.ExecContext(ctx, `
		INSERT INTO annotations (change_key, remote_id, revision, posted, last_error, body)
		VALUES ($1, 0, 1, 0, '', $2)
		ON CONFLICT (change_key) DO UPDATE SET revision = annotations.revision + 1, body = excluded.body
		WHERE annotations.body <> excluded.body`, a.ChangeKey, body)
	return wrap(err, "store annotation of change %s", a.ChangeKey)
}

// Annotation returns the annotation of a change, or ErrNotFound.
func (s *Store) Annotation(ctx context.Context, changeKey string) (Annotation, error) {
	a, err := scanAnnotation(s.read.QueryRowContext(ctx, selectAnnotation+`WHERE change_key = $1`, changeKey))
	return a, wrap(err, "read annotation of change %s", changeKey)
}

// PendingAnnotations lists the annotations whose newest revision is not posted.
func (s *Store) PendingAnnotations(ctx context.Context) ([]Annotation, error) {
	as, err := collect(ctx, s.read, scanAnnotation, selectAnnotation+`WHERE posted < revision ORDER BY change_key`)
	return as, wrap(err, "list pending annotations")
}

// FinishAnnotation stores the result of an attempt to post: the dashboard's id
// and the revision it now shows, or the error. posted never falls, so that a late
// answer about an old revision does not undo a newer one. False, and nothing stored,
// if another replica holds the annotation.
func (s *Store) FinishAnnotation(ctx context.Context, changeKey string, remoteID, posted int64, lastError string) (bool, error) {
	ok, err := affected(ctx, s.write, `
		UPDATE annotations SET remote_id = CASE WHEN CAST($2 AS BIGINT) = 0 THEN remote_id ELSE $2 END,
			posted = CASE WHEN CAST($3 AS BIGINT) > posted THEN $3 ELSE posted END, last_error = $4
		WHERE change_key = $1 AND holder = $5`, changeKey, remoteID, posted, lastError, s.holder)
	return ok, wrap(err, "finish annotation of change %s", changeKey)
}
