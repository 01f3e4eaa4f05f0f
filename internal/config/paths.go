package config

import (
	"cmp"
	"reflect"
	"strings"
)

// directory is implemented by settings that make their own paths absolute, such as
// those of the Prometheus libraries.
type directory interface{ SetDirectory(dir string) }

// database is implemented by settings that store files in the data folder.
type database interface{ SetData(dir string) }

// paths makes every path in an adapter's settings absolute, and notes files that do not
// exist. A key is a path if its name ends in _file or _files. It also calls Validate of
// settings that have it.
func (l *loader) paths(at string, settings any) {
	if d, ok := settings.(directory); ok {
		d.SetDirectory(l.folder)
	}
	if d, ok := settings.(database); ok {
		d.SetData(l.path(cmp.Or(l.file.Data, DefaultData)))
	}
	if v := reflect.Indirect(reflect.ValueOf(settings).Elem()); v.Kind() == reflect.Struct {
		l.fields(at, v)
	}
	if c, ok := settings.(interface{ Validate() error }); ok {
		if err := c.Validate(); err != nil {
			l.wrong(at, BadSettings, "", "%v", err)
		}
	}
}

func (l *loader) fields(at string, v reflect.Value) {
	for i := range v.NumField() {
		field, f := v.Type().Field(i), v.Field(i)
		if !field.IsExported() {
			continue
		}
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		l.field(at, key, f)
	}
}

func (l *loader) field(at, key string, f reflect.Value) {
	isFile := strings.HasSuffix(key, "_file") || strings.HasSuffix(key, "_files")
	path := at + "." + key
	if key == "" {
		path = at
	}
	switch p := f.Addr().Interface().(type) {
	case *string:
		if isFile {
			*p = l.existing(path, *p)
		}
	case *[]string:
		for i := range *p {
			if isFile {
				(*p)[i] = l.existing(path, (*p)[i])
			}
		}
	default:
		l.paths(path, f.Addr().Interface())
	}
}

// setting is the value of a key in settings or in their inlined structs, and the zero
// value where there is no such key. It reads the keys that have one meaning in all
// adapters of a section.
func setting[T any](settings reflect.Value, key string) (value T) {
	for i := range settings.NumField() {
		name, options, _ := strings.Cut(settings.Type().Field(i).Tag.Get("yaml"), ",")
		f := settings.Field(i)
		if v, ok := f.Interface().(T); ok && name == key {
			return v
		}
		if options == "inline" && f.Kind() == reflect.Struct {
			if v := reflect.ValueOf(setting[T](f, key)); v.IsValid() && !v.IsZero() {
				return v.Interface().(T)
			}
		}
	}
	return value
}
