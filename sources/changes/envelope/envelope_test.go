package envelope

import (
	"errors"
	"net/http"
	"testing"

	"github.com/pushback/pushback/sources"
)

func binary(extra ...string) http.Header {
	h := http.Header{}
	for i, all := 0, append([]string{"Ce-Specversion", "1.0", "Ce-Id", "a%20b%E2%82%AC", "Ce-Source", "/x", "Ce-Type", "t", "Ce-Time", "2026-03-01T13:00:00+01:00"}, extra...); i < len(all); i += 2 {
		h.Set(all[i], all[i+1])
	}
	return h
}

// Values of headers are percent-encoded (HTTP Protocol Binding, section 3.1.3.2).
func TestBinary(t *testing.T) {
	got, err := Read(binary(), []byte(`{"a":1}`))
	if err != nil || len(got) != 1 || got[0].ID != "a b€" || got[0].Time.Hour() != 12 || string(got[0].Data) != `{"a":1}` {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]string{{"Ce-Id", "%zz"}, {"Ce-Time", "noon"}, {"Ce-Specversion", "0.3"}, {"Ce-Source", ""}} {
		if got, err := Read(binary(bad...), nil); !errors.As(err, new(*sources.BadEvent)) {
			t.Errorf("%v: %+v, %v", bad, got, err)
		}
	}
}

func TestIs(t *testing.T) {
	for media, want := range map[string]bool{"application/cloudevents+json; charset=utf-8": true, "application/cloudevents-batch+json": true, "application/json": false, "": false} {
		if Is(http.Header{"Content-Type": {media}}) != want {
			t.Errorf("%s: want %t", media, want)
		}
	}
	if !Is(binary()) {
		t.Error("binary mode is not seen")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("application/cloudevents-batch+json", "1", []byte(`[{"specversion":"1.0","id":"1","source":"x","type":"y","data":{}}]`))
	f.Add("application/cloudevents+json", "", []byte(`{"specversion":"1.0","id":"1","source":"x","type":"y","time":"2026-03-01T12:00:00Z"}`))
	f.Add("application/json", "%41", []byte(`{}`))
	f.Fuzz(func(t *testing.T, media, id string, body []byte) {
		h := http.Header{"Content-Type": {media}, "Ce-Id": {id}, "Ce-Source": {"x"}, "Ce-Type": {"y"}}
		if id != "" {
			h.Set("Ce-Specversion", "1.0")
		}
		events, err := Read(h, body)
		if err != nil && !errors.As(err, new(*sources.BadEvent)) {
			t.Fatal(err)
		}
		for _, e := range events {
			if err == nil && (e.ID == "" || e.Source == "" || e.Type == "") || len(events) > MaxBatch {
				t.Fatalf("%+v", e)
			}
		}
	})
}
