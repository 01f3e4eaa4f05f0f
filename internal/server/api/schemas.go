package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/detector"
)

// DescribeTypes tells a registry of schemas what the types do not say of their JSON.
func DescribeTypes(r huma.Registry) {
	// A tick that was not measured is null.
	r.RegisterTypeAlias(reflect.TypeFor[detector.Values](), reflect.TypeFor[[]*float64]())
}
