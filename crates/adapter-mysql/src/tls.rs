//! The authority that signs a server's certificate, named in the URL. The driver knows it by its
//! options only.

use std::path::PathBuf;

use mysql_async::{Opts, OptsBuilder, SslOpts};

/// The parameter: a file of certificates in PEM.
const NAME: &str = "ssl_ca=";

/// The URL without the parameter, and the file that it names.
pub(crate) fn take_authority(url: &str) -> (String, Option<PathBuf>) {
    let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (ours, others): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|pair| pair.starts_with(NAME));
    let path = ours.last().and_then(|pair| pair.strip_prefix(NAME)).map(PathBuf::from);
    let mark = if others.is_empty() { "" } else { "?" };
    (format!("{place}{mark}{}", others.join("&")), path)
}

/// Who names an authority wants TLS, and trusts that one too.
pub(crate) fn trust(opts: Opts, authority: Option<PathBuf>) -> OptsBuilder {
    let Some(path) = authority else { return OptsBuilder::from_opts(opts) };
    let tls = opts.ssl_opts().cloned().unwrap_or_else(SslOpts::default);
    OptsBuilder::from_opts(opts).ssl_opts(tls.with_root_certs(vec![path.into()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(url: &str) -> (String, Option<String>) {
        let (url, path) = take_authority(url);
        (url, path.map(|path| path.display().to_string()))
    }

    #[test]
    fn the_parameter_is_taken_out_and_others_stay() {
        let path = Some("/etc/ca.pem".to_owned());
        for (url, rest) in [
            ("mysql://u@h/d?ssl_ca=/etc/ca.pem", "mysql://u@h/d"),
            ("mysql://u@h/d?require_ssl=true&ssl_ca=/etc/ca.pem", "mysql://u@h/d?require_ssl=true"),
        ] {
            assert_eq!(taken(url), (rest.to_owned(), path.clone()));
        }
        for url in ["mysql://u@h/d", "mysql://u@h/d?require_ssl=true"] {
            assert_eq!(taken(url), (url.to_owned(), None));
        }
    }

    #[test]
    fn an_authority_asks_for_tls_and_keeps_what_the_url_says_of_it() {
        let url = "mysql://u@h/d?require_ssl=true&verify_identity=false";
        let opts = Opts::from_url(url).unwrap();
        let opts: Opts = trust(opts, Some("/etc/ca.pem".into())).into();
        let tls = opts.ssl_opts().unwrap();
        assert_eq!((tls.root_certs().len(), tls.skip_domain_validation()), (1, true));
        let plain = Opts::from_url("mysql://u@h/d").unwrap();
        let opts: Opts = trust(plain.clone(), Some("/etc/ca.pem".into())).into();
        assert!(opts.ssl_opts().is_some());
        let opts: Opts = trust(plain, None).into();
        assert!(opts.ssl_opts().is_none());
    }
}
