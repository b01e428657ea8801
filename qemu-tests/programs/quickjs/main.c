/* QuickJS: its own test files, and one of ours that prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../embedded.h"
#include "quickjs.h"

/* What its tests ask of its command line: the system's name, and how a string is kept, as long ones
 * are kept otherwise. */
static const char os[] = "export const platform = 'none';";
static const char qjs[] = "globalThis.qjs = { getStringKind: (text) => Number(text.length > 1000) };";

/* Of the stack, so that what never ends is told of before there is none. */
#define STACK (128 << 10)

static JSValue print(JSContext *context, JSValueConst this, int count, JSValueConst *values)
{
	(void)this;
	for (int i = 0; i < count; i++) {
		const char *text = JS_ToCString(context, values[i]);
		if (!text)
			return JS_EXCEPTION;
		printf("%s%s", i ? " " : "", text);
		JS_FreeCString(context, text);
	}
	printf("\n");
	return JS_UNDEFINED;
}

static JSValue collect(JSContext *context, JSValueConst this, int count, JSValueConst *values)
{
	(void)this, (void)count, (void)values;
	JS_RunGC(JS_GetRuntime(context));
	return JS_UNDEFINED;
}

/* `import`, from what is built in. */
static char *normal(JSContext *context, const char *from, const char *name, void *opaque)
{
	(void)from, (void)opaque;
	return js_strdup(context, strncmp(name, "./", 2) ? name : name + 2);
}

static JSModuleDef *load(JSContext *context, const char *name, void *opaque)
{
	(void)opaque;
	const struct embedded *file = embedded_find(name);
	struct embedded system = { name, os, sizeof os - 1 };
	if (!file && !strcmp(name, "qjs:os"))
		file = &system;
	if (!file) {
		JS_ThrowReferenceError(context, "no module %s", name);
		return NULL;
	}
	JSValue module = JS_Eval(context, file->bytes, file->size, name,
				 JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
	if (JS_IsException(module))
		return NULL;
	JSModuleDef *definition = JS_VALUE_GET_PTR(module);
	JS_FreeValue(context, module);
	return definition;
}

static int failed(JSContext *context, const char *name, JSValue error)
{
	const char *text = JS_ToCString(context, error);
	printf("%s: %s\n", name, text ? text : "?");
	JS_FreeCString(context, text);
	JSValue stack = JS_GetPropertyStr(context, error, "stack");
	text = JS_ToCString(context, stack);
	printf("%s\n", text ? text : "");
	JS_FreeCString(context, text);
	JS_FreeValue(context, stack);
	JS_FreeValue(context, error);
	return 1;
}

/* Runs a file in an engine of its own, until nothing is waiting. */
static int run(const struct embedded *file)
{
	JSRuntime *runtime = JS_NewRuntime();
	JSContext *context = JS_NewContext(runtime), *at = NULL;
	JS_SetMaxStackSize(runtime, STACK);
	JS_SetModuleLoaderFunc(runtime, normal, load, NULL);
	JSValue global = JS_GetGlobalObject(context);
	JS_SetPropertyStr(context, global, "print", JS_NewCFunction(context, print, "print", 1));
	JS_SetPropertyStr(context, global, "gc", JS_NewCFunction(context, collect, "gc", 0));
	JS_FreeValue(context, global);
	JS_FreeValue(context, JS_Eval(context, qjs, sizeof qjs - 1, "qjs", JS_EVAL_TYPE_GLOBAL));
	int is_module = JS_DetectModule(file->bytes, file->size), code = 0;
	JSValue value = JS_Eval(context, file->bytes, file->size, file->name,
				is_module ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL);
	if (JS_IsException(value))
		code = failed(context, file->name, JS_GetException(context));
	while (!code && (code = JS_ExecutePendingJob(runtime, &at)) != 0)
		code = code < 0 ? failed(at, file->name, JS_GetException(at)) : 0;
	if (!code && JS_PromiseState(context, value) == JS_PROMISE_REJECTED)
		code = failed(context, file->name, JS_PromiseResult(context, value));
	JS_FreeValue(context, value);
	JS_FreeContext(context);
	JS_FreeRuntime(runtime);
	printf("%s, %s: %s\n", file->name, is_module ? "a module" : "a script", code ? "failed" : "passed");
	return code;
}

int main(void)
{
	int code = 0;
	printf("QuickJS %s\n", JS_GetVersion());
	for (const struct embedded *file = embedded; file->name; file++)
		if (strcmp(file->name, "assert.js"))
			code |= run(file);
	return code;
}
