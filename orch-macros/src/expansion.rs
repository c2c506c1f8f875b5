//! What tests look at in an expansion: its errors, its items, its size, and how it compares with a file.

use proc_macro2::TokenStream;
use syn::visit_mut::VisitMut;

/// An expansion, the errors apart from the rest.
pub(crate) struct Expansion {
    pub(crate) errors: Vec<String>,
    pub(crate) file: syn::File,
}

/// Reads an expansion, which is always a list of items.
pub(crate) fn read(tokens: TokenStream) -> Expansion {
    let mut file: syn::File =
        syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error}: {tokens}"));
    let mut errors = Vec::new();
    file.items.retain(|item| match item {
        syn::Item::Macro(call) if is_compile_error(&call.mac.path) => {
            let message: syn::LitStr = call.mac.parse_body().unwrap();
            errors.push(message.value());
            false
        }
        _ => true,
    });
    Expansion { errors, file }
}

fn is_compile_error(path: &syn::Path) -> bool {
    path.segments.last().unwrap().ident == "compile_error"
}

impl Expansion {
    /// The expansion is what the file says; `UPDATE_GOLDEN=1` writes it.
    ///
    /// `path` starts at `src`.
    #[track_caller]
    pub(crate) fn is_golden(&self, path: &str) {
        assert_eq!(self.errors, [""; 0]);
        let found = prettyplease::unparse(&self.file);
        let path = format!("{}/src/{path}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expected, "{path} differs; found:\n{found}");
    }

    /// How many bytes it has that are not blanks, documentation and the macro with the picture aside.
    pub(crate) fn size(&self) -> usize {
        struct Undocumented;
        impl VisitMut for Undocumented {
            fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
                attributes.retain(|attribute| !attribute.path().is_ident("doc"));
            }
        }
        let mut file = self.file.clone();
        file.items
            .retain(|item| !matches!(item, syn::Item::Macro(call) if call.ident.is_some()));
        Undocumented.visit_file_mut(&mut file);
        let text = quote::quote!(#file).to_string();
        text.bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .count()
    }
}
