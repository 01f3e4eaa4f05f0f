package outbound

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/boundedfile"
)

// maxFile is the size of the largest file that http options may name, in bytes: a bundle of
// certificates has a quarter of it.
const maxFile = 1 << 20

// newTransport makes a transport by http options. The library reads the files of the options
// for every call, to renew them in place, and neither bounds them nor stops at the end of the
// call's context: a named pipe would hold the call up for ever. So they are looked at before.
func newTransport(options config.HTTPClientConfig, name string, how ...config.HTTPClientOption) (http.RoundTripper, error) {
	files := filesOf(reflect.ValueOf(options))
	if err := checkFiles(files); err != nil {
		return nil, err
	}
	inner, err := config.NewRoundTripperFromConfig(options, name, how...)
	if err != nil || len(files) == 0 {
		return inner, err
	}
	return &fileChecker{RoundTripper: inner, files: files}, nil
}

// fileChecker is a transport whose files are checked before each call.
type fileChecker struct {
	http.RoundTripper
	files []string
}

// RoundTrip calls nobody if a file cannot be read.
func (c *fileChecker) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkFiles(c.files); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	return c.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections closes those of the transport.
func (c *fileChecker) CloseIdleConnections() {
	if inner, ok := c.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		inner.CloseIdleConnections()
	}
}

func checkFiles(files []string) error {
	for _, file := range files {
		if err := boundedfile.Check(file, maxFile); err != nil {
			return err
		}
	}
	return nil
}

// filesOf returns the paths in http options: the fields whose name ends with File or Files.
// It finds those of a later version of the library too.
func filesOf(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return filesOf(v.Elem())
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			all = append(all, filesOf(v.MapIndex(key))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, filesIn(v.Type().Field(i).Name, v.Field(i))...)
		}
	}
	return all
}

// filesIn returns the paths in one field.
func filesIn(name string, field reflect.Value) (all []string) {
	switch {
	case strings.HasSuffix(name, "File") && field.Kind() == reflect.String && field.String() != "":
		return []string{field.String()}
	case strings.HasSuffix(name, "Files") && field.Kind() == reflect.Slice:
		for i := range field.Len() {
			all = append(all, field.Index(i).String())
		}
		return all
	}
	return filesOf(field)
}
